// Finds elements as a customer would, waits until they can be used, and tells
// why not. It runs in a world of its own in every page: it shares the page's
// DOM, but the page's scripts can neither see nor change it.
//
// Go calls the methods of globalThis.outrider (at the end of this file). Each
// returns plain data. Waiting is done here, in slices that Go bounds, since a
// wait by questions and answers would be coarser and cost more.

// ---------------------------------------------------------------- searching

const silent = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'HEAD', 'TITLE', 'META', 'LINK']);

const normal = (text) => text.replace(/\s+/g, ' ').trim();

// All elements that match a CSS selector, in the document and in open shadow
// roots.
function query(css, root = document) {
  const found = [...root.querySelectorAll(css)];
  for (const el of root.querySelectorAll('*')) {
    if (el.shadowRoot) found.push(...query(css, el.shadowRoot));
  }
  return found;
}

// The children that are rendered: those of the shadow root where there is one,
// and what is assigned to a slot.
function children(el) {
  if (el.shadowRoot) return el.shadowRoot.childNodes;
  if (el.localName === 'slot') {
    const assigned = el.assignedNodes();
    if (assigned.length) return assigned;
  }
  return el.childNodes;
}

const parent = (node) => node.assignedSlot ?? node.parentElement ?? (node.getRootNode() instanceof ShadowRoot ? node.getRootNode().host : null);

const isButtonInput = (el) => el.localName === 'input' && ['button', 'submit', 'reset'].includes(el.type);

// The text of an element, hidden parts included, scripts and styles not. The
// cache lives for one search.
function textOf(node, cache) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE || silent.has(node.tagName)) return '';
  let text = cache.get(node);
  if (text === undefined) {
    text = isButtonInput(node) ? node.value : node.localName === 'br' ? ' ' : '';
    for (const child of children(node)) text += textOf(child, cache);
    cache.set(node, text);
  }
  return text;
}

// The smallest elements whose text fits: contains tells whether it can be in
// there at all, fits whether this is it.
function smallest(contains, fits) {
  const cache = new Map();
  const found = [];
  const search = (el) => {
    const text = normal(textOf(el, cache));
    if (!contains(text)) return false;
    let inside = false;
    for (const child of children(el)) {
      if (child.nodeType === Node.ELEMENT_NODE && search(child)) inside = true;
    }
    if (!inside && fits(text)) {
      found.push(el);
      inside = true;
    }
    return inside;
  };
  if (document.body) search(document.body);
  return found;
}

// A test of a text against what is wanted: the whole text, or a part in any
// case.
function comparer(wanted, exact) {
  wanted = normal(wanted);
  if (exact) return (text) => normal(text) === wanted;
  const lower = wanted.toLowerCase();
  return (text) => normal(text).toLowerCase().includes(lower);
}

// Whether a text can be on the page at all. It looks at the longest word only,
// in one go: most looks at a page are for what is not there yet, and pages may
// be huge.
function possible(needle) {
  const word = needle.split(' ').reduce((a, b) => (b.length > a.length ? b : a), '');
  const has = (text) => text.toLowerCase().includes(word.toLowerCase());
  if (!document.body) return false;
  if (has(document.body.textContent)) return true;
  if ([...document.querySelectorAll('input')].some((el) => isButtonInput(el) && has(el.value))) return true;
  for (const el of document.querySelectorAll('*')) if (el.shadowRoot) return true; // too intricate for a quick look
  return false;
}

function byText(wanted, exact) {
  const needle = normal(wanted);
  if (!possible(needle)) return [];
  const lower = needle.toLowerCase();
  return smallest(
    (text) => (exact ? text.includes(needle) : text.toLowerCase().includes(lower)),
    comparer(wanted, exact),
  );
}

// -------------------------------------------------------- roles and names
// After HTML-AAM and accname-1.2, as far as customers' pages need them.

const textInputs = 'input:not([type]),input[type=""],input[type=text i],input[type=email i],input[type=tel i],input[type=url i],input[type=password i],input[type=date i],input[type=time i],input[type=datetime-local i],input[type=month i],input[type=week i]';
const implied = {
  article: 'article', banner: 'header', blockquote: 'blockquote', button: 'button,summary,input[type=button i],input[type=submit i],input[type=reset i],input[type=image i]',
  caption: 'caption', cell: 'td', checkbox: 'input[type=checkbox i]', code: 'code', columnheader: 'th', combobox: 'select:not([multiple]):not([size]),input[list]',
  complementary: 'aside', contentinfo: 'footer', definition: 'dd', dialog: 'dialog', document: 'html', emphasis: 'em', figure: 'figure', form: 'form',
  group: 'fieldset,details,optgroup', heading: 'h1,h2,h3,h4,h5,h6', img: 'img:not([alt=""]),svg', link: 'a[href],area[href]', list: 'ul,ol,menu', listbox: 'select[multiple],select[size],datalist',
  listitem: 'li', main: 'main', math: 'math', meter: 'meter', navigation: 'nav', option: 'option', paragraph: 'p', progressbar: 'progress', radio: 'input[type=radio i]',
  region: 'section', row: 'tr', rowgroup: 'tbody,thead,tfoot', rowheader: 'th[scope=row]', search: 'search', searchbox: 'input[type=search i]', separator: 'hr',
  slider: 'input[type=range i]', spinbutton: 'input[type=number i]', status: 'output', strong: 'strong', table: 'table', term: 'dt', textbox: `textarea,${textInputs}`, time: 'time',
};
const synonyms = {image: 'img', none: 'presentation'};
const roleName = (role) => synonyms[role] ?? role;

// Roles whose name may come from their content.
const namedByContent = new Set(['button', 'cell', 'checkbox', 'columnheader', 'gridcell', 'heading', 'link', 'menuitem', 'menuitemcheckbox', 'menuitemradio', 'option', 'radio', 'row', 'rowheader', 'switch', 'tab', 'tooltip', 'treeitem', 'listitem', 'paragraph', 'status', 'alert', 'caption', 'term', 'definition', 'figure', 'time']);

function hiddenFromAll(el) {
  for (let node = el; node; node = parent(node)) {
    if (node.getAttribute('aria-hidden') === 'true') return true;
  }
  return false;
}

function byRole(role, name, exact) {
  role = roleName(role.toLowerCase());
  const explicit = `[role~="${CSS.escape(role)}" i]` + (role === 'img' ? ',[role~=image i]' : '');
  const fits = name === '' ? () => true : comparer(name, exact);
  return query(implied[role] ? `${explicit},${implied[role]}` : explicit).filter((el) => {
    const given = el.getAttribute('role')?.trim().toLowerCase().split(/\s+/)[0];
    if (given ? roleName(given) !== role : !el.matches(implied[role])) return false;
    if (role === 'textbox' && !given && el.hasAttribute('list')) return false;
    return !hiddenFromAll(el) && fits(accessibleName(el, role));
  });
}

// The text that a person would hear for what an element contains.
function contentName(el) {
  let text = '';
  for (const child of children(el)) {
    if (child.nodeType === Node.TEXT_NODE) {
      text += child.data;
    } else if (child.nodeType === Node.ELEMENT_NODE && !silent.has(child.tagName) && child.getAttribute('aria-hidden') !== 'true') {
      const style = getComputedStyle(child);
      if (style.display === 'none' || style.visibility === 'hidden') continue;
      const part = labelOf(child) || nativeName(child) || contentName(child);
      text += style.display.startsWith('inline') ? part : ` ${part} `;
    }
  }
  return normal(text) === '' ? '' : text;
}

const referenced = (el, attribute) => (el.getAttribute(attribute) ?? '').split(/\s+/).filter(Boolean).map((id) => el.getRootNode().getElementById?.(id)).filter(Boolean);

function labelOf(el) {
  const others = referenced(el, 'aria-labelledby').map((other) => normal(other.getAttribute('aria-label') ?? contentName(other)));
  return others.join(' ') || normal(el.getAttribute('aria-label') ?? '');
}

const textWithout = (label, control) => {
  let text = '';
  for (const child of children(label)) {
    if (child === control) continue;
    if (child.nodeType === Node.TEXT_NODE) text += child.data;
    else if (child.nodeType === Node.ELEMENT_NODE && !silent.has(child.tagName)) text += textWithout(child, control);
  }
  return text;
};

const labelTexts = (el) => [...(el.labels ?? [])].map((label) => normal(textWithout(label, el)));

function nativeName(el) {
  switch (el.localName) {
    case 'img': case 'area': return normal(el.getAttribute('alt') ?? '');
    case 'svg': return normal(el.querySelector(':scope > title')?.textContent ?? '');
    case 'fieldset': return normal(el.querySelector(':scope > legend')?.textContent ?? '');
    case 'table': return normal(el.querySelector(':scope > caption')?.textContent ?? '');
    case 'figure': return normal(el.querySelector(':scope > figcaption')?.textContent ?? '');
    case 'optgroup': case 'option': if (el.label) return normal(el.label); break;
    case 'input':
      if (isButtonInput(el)) return normal(el.value) || {submit: 'Submit', reset: 'Reset'}[el.type] || labelTexts(el).join(' ');
      if (el.type === 'image') return normal(el.getAttribute('alt') ?? el.value ?? '') || 'Submit';
  }
  return labelTexts(el).join(' ');
}

function accessibleName(el, role) {
  return labelOf(el) || nativeName(el) ||
    (namedByContent.has(role) ? normal(contentName(el)) : '') ||
    normal(el.getAttribute('title') ?? '') || normal(el.getAttribute('placeholder') ?? '');
}

function byLabel(wanted, exact) {
  const fits = comparer(wanted, exact);
  const controls = 'input:not([type=hidden i]),textarea,select,button,meter,output,progress,[contenteditable],[role],[aria-label],[aria-labelledby]';
  return query(controls).filter((el) => {
    const own = labelOf(el);
    return (own !== '' && fits(own)) || labelTexts(el).some(fits);
  });
}

// ------------------------------------------------------------- one element

const boxes = (el) => [...el.getClientRects()].filter((r) => r.width > 0 && r.height > 0);

function visible(el) {
  if (!el.isConnected || !el.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true})) {
    return el.isConnected && getComputedStyle(el).display === 'contents' && [...el.children].some(visible);
  }
  return boxes(el).length > 0;
}

// Why an element cannot be seen.
function invisibility(el) {
  for (let node = el; node; node = parent(node)) {
    const style = getComputedStyle(node);
    const where = node === el ? '' : ` on ${describe(node)}`;
    if (style.display === 'none') return `display: none${where}`;
    if (style.visibility !== 'visible' && node === el) return `visibility: ${style.visibility}`;
    if (style.contentVisibility === 'hidden') return `content-visibility: hidden${where}`;
  }
  return 'its box is empty';
}

// An element as a person would name it in its page's source. Where secrets may
// be shown no text is quoted: cut in two, a secret could not be told any more.
function describe(el) {
  let text = `<${el.localName}`;
  for (const name of ['id', 'class', 'name', 'type', 'role', 'data-testid']) {
    const value = el.getAttribute(name);
    if (value) text += ` ${name}="${value.length > 30 && outrider.hushed ? '…' : value.slice(0, 30)}"`;
  }
  const content = outrider.hushed ? '' : normal(el.textContent.slice(0, 400)).slice(0, 30);
  return content ? `${text}>${content}</${el.localName}>` : `${text}>`;
}

const disabled = (el) => {
  if (el.matches(':disabled')) return true;
  for (let node = el; node; node = parent(node)) {
    if (node.getAttribute('aria-disabled') === 'true') return true;
  }
  return false;
};

const unfillable = new Set(['button', 'checkbox', 'color', 'file', 'hidden', 'image', 'radio', 'range', 'reset', 'submit']);

// Why a field cannot be filled, or nothing.
function uneditable(el) {
  if (el.localName === 'input' && !settable.has(el.type) && unfillable.has(el.type)) return `it is an input of type ${el.type}`;
  if (!['input', 'textarea'].includes(el.localName) && !el.isContentEditable) return 'it takes no text';
  if (el.readOnly || el.getAttribute('aria-readonly') === 'true') return 'it is read-only';
  return '';
}

// What lies on top at a point, through open shadow roots.
function topmost(x, y) {
  let el = document.elementFromPoint(x, y);
  while (el?.shadowRoot) {
    const inner = el.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === el) break;
    el = inner;
  }
  return el;
}

function within(el, ancestor) {
  for (let node = el; node; node = parent(node)) if (node === ancestor) return true;
  return false;
}

// The point at which an element would be clicked: the middle of the part of
// its largest box that is in the viewport; null if none is.
function point(el) {
  let best = null;
  let area = 0;
  for (const r of boxes(el)) {
    const left = Math.max(r.left, 0), right = Math.min(r.right, innerWidth);
    const top = Math.max(r.top, 0), bottom = Math.min(r.bottom, innerHeight);
    const size = Math.max(0, right - left) * Math.max(0, bottom - top);
    if (size > area) {
      area = size;
      best = {x: (left + right) / 2, y: (top + bottom) / 2};
    }
  }
  return best;
}

// Whether a press on what lies on top is one on the element: on the element, on
// something in it, on the button or link that it is in, or on its label.
function receives(el, top) {
  const base = el.closest('button,a,label,[role=button],[role=link]') ?? el;
  const label = top.closest?.('label');
  return within(top, base) || within(top, el) || Boolean(label && label.control === el);
}

// What covers an element at a point, or null.
function cover(el, at) {
  const top = topmost(at.x, at.y);
  if (!top) return document.documentElement;
  return receives(el, top) ? null : top;
}

// Whether an animation of the element, or of what it is in, may be moving it
// although it lay still since a moment of the document's timeline: one that is
// about to start, since until the browser has painted its first frame the
// element lies where the animation begins; and one under way, if the browser has
// not come to a new frame since. On a busy machine either takes its time.
function adrift(el, since) {
  for (let node = el; node; node = parent(node)) {
    if (node.getAnimations().some((a) => a.playState === 'running' && (a.pending || document.timeline.currentTime === since))) return true;
  }
  return false;
}

// The one element that a target means, or why there is none. needs are the
// conditions that it has to meet: "enabled", "editable", "pointer". hint makes
// the detail, which only the last look needs.
function resolve(target, needs) {
  const {all, seen, of, matched} = find(target);
  if (all.length === 0) return {state: 'missing', hint: () => likely(target).slice(2)};
  if (of.nth > 0) {
    if (seen.length < of.nth) return {state: 'missing', detail: `${seen.length} visible`};
  } else if (seen.length > 1) {
    return {state: 'ambiguous', count: seen.length, matched, hint: () => seen.slice(0, 5).map(describe).join(', ')};
  } else if (seen.length === 0) {
    return {state: 'hidden', hint: () => all.slice(0, 3).map((el) => `${describe(el)}: ${invisibility(el)}`).join('; ') + (all.length > 3 ? `; and ${all.length - 3} more` : '')};
  }
  const el = seen[Math.max(of.nth - 1, 0)];
  if (needs.includes('enabled') && disabled(el)) return {state: 'disabled', matched, detail: describe(el)};
  const fixed = needs.includes('editable') || (needs.includes('fillable') && el.localName !== 'select') ? uneditable(el) : '';
  if (fixed) return {state: 'uneditable', matched, detail: `${describe(el)}: ${fixed}`};
  return {state: 'ready', el, matched};
}

// ---------------------------------------------------------------- waiting

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// The next animation frame, or a tenth of a second where none comes.
const frame = () => new Promise((done) => {
  requestAnimationFrame(done);
  setTimeout(done, 100);
});

// Checks until the state is the wanted one or the slice of time is over; gives
// the last result. It leaves the page ten times the time that a check costs.
async function until(slice, done, check) {
  const end = performance.now() + slice;
  for (;;) {
    const began = performance.now();
    const result = check();
    const now = performance.now();
    if (done(result) || now >= end) return result;
    await sleep(Math.min(Math.max(10 * (now - began), 10), 1000, end - now));
  }
}

const ready = (result) => result.state === 'ready';

const sameBox = (a, b) => a && b && a.x === b.x && a.y === b.y;

// Waits until a target's element is there and meets the needs; with "pointer"
// also until it lies still from one animation frame to the next, in view, on
// top. Of that, confirmed is the time in milliseconds that went into making sure
// of what was true already.
//
// With a position, in pixels from the element's top left corner, that is where
// it has to be on top.
async function reach(target, needs, slice, position = null) {
  const place = position ? (el) => placeIn(el, position) : point;
  const end = performance.now() + slice;
  const alignments = ['center', 'end', 'start'];
  for (let round = 0; ; round++) {
    const result = await until(Math.max(0, end - performance.now()), ready, () => resolve(target, needs));
    if (!ready(result)) return result;
    const el = result.el;
    const matched = result.matched;
    if (!needs.includes('pointer')) return {state: 'ready', el, matched, confirmed: 0};
    if (position && !hasPlace(el, position)) return {state: 'refused', detail: `${describe(el)} has no ${position.X},${position.Y}: its box is ${sizeOf(el)}`};
    let at = place(el);
    if (!at || cover(el, at)) {
      const block = alignments[round % alignments.length];
      el.scrollIntoView({block, inline: 'center', behavior: 'instant'});
      at = place(el);
    }
    const since = performance.now();
    let state = !at ? {state: 'outside', detail: describe(el)} : null;
    if (at) {
      const time = document.timeline.currentTime;
      await frame();
      if (!el.isConnected || adrift(el, time) || !sameBox(at, place(el))) state = {state: 'moving', detail: describe(el)};
    }
    if (!state) {
      const top = cover(el, at);
      const again = resolve(target, needs);
      if (top) state = {state: 'covered', detail: `${describe(el)} by ${describe(top)}`};
      else if (again.el !== el) state = {state: 'moving', detail: describe(el)};
      else return {state: 'ready', el, matched, x: at.x, y: at.y, confirmed: performance.now() - since};
    }
    if (performance.now() >= end) return state;
    await sleep(10);
  }
}

// What Go gets: no element.
const plain = ({state, detail = '', hint = null, count = 0, matched = 0, x = 0, y = 0, confirmed = 0, mode = ''}) =>
  ({state, detail: hint ? hint() : detail, count, matched, x, y, confirmed, mode});

// ----------------------------------------------------------------- acting

// Inputs that people do not type into as text: their value is set at once.
const settable = new Set(['color', 'date', 'datetime-local', 'month', 'range', 'time', 'week']);

// Fields that hold secrets, so that pictures hide them.
const secretFields = new Set();

const announce = (el) => {
  el.dispatchEvent(new Event('input', {bubbles: true, composed: true}));
  el.dispatchEvent(new Event('change', {bubbles: true}));
};

function selectAll(el) {
  el.focus();
  if (el.select) {
    el.select();
  } else {
    const range = document.createRange();
    range.selectNodeContents(el);
    const selection = el.ownerDocument.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }
}

// Where the next press of the mouse is meant to land, and whether it did: null
// until it has. Pages move on between the last look and the press; a press that
// misses is kept from the page, so that it can be made again. One that lands and is
// let go of on something that swept by is a click on neither: it is made again, too.
let aim = null;

// Whether what lies on top came there by an animation that was under way when the
// element was pressed, and is nothing that the page shows because it was.
function sweepsBy(top, el, pressed) {
  for (let node = top; node && !within(el, node); node = parent(node)) {
    if (node.getAnimations?.().some((a) => a.playState === 'running' && a.startTime !== null && a.startTime <= pressed)) return true;
  }
  return false;
}

// Notes of an event whether it says that the press missed, or was let go of
// elsewhere.
function judgePress(event) {
  const top = event.composedPath()[0];
  if (aim.hit === null) {
    aim.hit = event.target === document || receives(aim.el, top);
    aim.at = document.timeline.currentTime;
  } else if (aim.hit && event.type === 'pointerup' && aim.el.isConnected && !receives(aim.el, top)) {
    aim.lost = sweepsBy(top, aim.el, aim.at);
  } else {
    return;
  }
  if (!aim.hit || aim.lost) globalThis.outriderVital?.('missed'); // a busy page answers late
}

const presses = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'dblclick', 'auxclick', 'contextmenu'];
// Elsewhere nobody touches, and to listen would cost.
if (navigator.maxTouchPoints > 0) presses.push('pointercancel', 'touchstart', 'touchend', 'touchcancel');
for (const type of presses) {
  addEventListener(type, (event) => {
    if (!aim || !event.isTrusted) return;
    judgePress(event);
    if (aim.hit) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, {capture: true, passive: false});
}

// The tap under way, or the last one: the click that comes of it ends it, as
// does whatever says that there will be none.
let tap = null;
if (navigator.maxTouchPoints > 0) {
  addEventListener('pointerdown', (event) => {
    if (!event.isTrusted || event.pointerType !== 'touch') return;
    tap = {over: false};
    tap.ended = new Promise((done) => {
      tap.end = () => {
        tap.over = true;
        done();
      };
    });
  }, {capture: true});
  for (const type of ['touchstart', 'touchend', 'pointercancel', 'contextmenu', 'click']) {
    addEventListener(type, (event) => {
      const {end} = tap ?? {};
      // The page's own listeners come first.
      if (end && event.isTrusted) setTimeout(() => (!type.startsWith('touch') || event.defaultPrevented) && end());
    }, {capture: true, passive: true});
  }
}

// ---------------------------------------------------------------- evidence

// A pattern for a secret in any case, with spaces or dashes between its
// characters, as card numbers are shown.
const loosely = (secret) => new RegExp([...secret.replace(/[\s-]+/g, '')].map((c) => c.replace(/[.*+?^${}()|[\]\\\/]/g, '\\$&')).join('[\\s-]*'), 'i');

// The boxes in which an element shows one of the secrets: those of the text
// itself where it is in one piece, else the whole element's.
function shownIn(el, pattern) {
  const found = [];
  for (const child of children(el)) {
    if (child.nodeType !== Node.TEXT_NODE) continue;
    for (const match of child.data.matchAll(new RegExp(pattern.source, 'gi'))) {
      const range = document.createRange();
      range.setStart(child, match.index);
      range.setEnd(child, match.index + match[0].length);
      found.push(...range.getClientRects());
    }
  }
  return found.length ? found : (el.closest('select') ?? el).getClientRects();
}

globalThis.outrider = {
  // Whether the journey has secrets; Go sets it with each call.
  hushed: false,

  // For js/evidence.js: what a target means.
  elements(target) {
    const {all, seen} = find(target);
    return seen.length ? seen : all;
  },

  // Waits for a target; see reach. With press, its number, the next press is meant
  // for it.
  async reach({target, needs, press, position, slice}) {
    const result = await reach(target, needs, slice, position);
    aim = press && ready(result) ? {press, el: result.el, hit: null} : null;
    if (aim && dragsNatively(result.el)) result.mode = 'drags';
    return plain(result);
  },

  // Whether the press that was made since reach missed its target, as settle
  // says, too. One of which nothing was heard, since a frame took it, say, did
  // not. A button that is held is to be let go of on the same element.
  landed({press, held}) {
    if (aim?.press !== press) return {missed: false}; // the question comes late
    const missed = aim.hit === false || aim.lost === true;
    if (!missed && !held) aim = null;
    return {missed};
  },

  // Forgets a press that missed, once it is over.
  lower() {
    aim = null;
  },

  // Waits until the last tap has become a click, or it is clear that it will not.
  // vainly is for how long it has waited for one that did not come, in
  // milliseconds.
  async tapped({slice}) {
    const began = performance.now();
    if (tap) await Promise.race([tap.ended, sleep(slice)]);
    return {vainly: tap?.over ? 0 : performance.now() - began};
  },

  // Waits for a field and makes it take what is typed next. mode says what is
  // left to do: "type", or nothing.
  async fill({target, value, secret, slice}) {
    const end = performance.now() + slice;
    const result = await reach(target, ['enabled', 'fillable'], slice);
    if (!ready(result)) return plain(result);
    const el = result.el;
    // A recording does not tell a field from a select element.
    if (el.localName === 'select') return outrider.select({target, option: value, slice: Math.max(0, end - performance.now())});
    el.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'});
    if (secret) secretFields.add(el);
    if (settable.has(el.type)) {
      el.focus();
      el.value = value;
      if (el.value !== value) return plain({state: 'refused', detail: `${describe(el)} does not take ${JSON.stringify(value)}`});
      announce(el);
      return plain({state: 'ready', matched: result.matched});
    }
    selectAll(el);
    return plain({state: 'ready', matched: result.matched, mode: 'type'});
  },

  // Waits for a select element that has the option, and chooses it.
  async select({target, option, slice}) {
    const same = comparer(option, true);
    const result = await until(slice, ready, () => {
      const result = resolve(target, ['enabled']);
      if (!ready(result)) return result;
      const el = result.el;
      if (el.localName !== 'select') return {state: 'uneditable', detail: `${describe(el)}: it is no select element`};
      const options = [...el.options].filter((o) => !o.disabled);
      const choice = options.find((o) => o.value === option) ?? options.find((o) => same(o.label) || same(o.text));
      if (!choice) return {state: 'optionless', detail: [...el.options].slice(0, 10).map((o) => JSON.stringify(normal(o.label))).join(', ')};
      return {state: 'ready', el, choice, matched: result.matched};
    });
    if (!ready(result)) return plain(result);
    result.el.focus();
    if (result.el.multiple) for (const o of result.el.options) o.selected = false;
    result.choice.selected = true;
    announce(result.el);
    return plain({state: 'ready', matched: result.matched});
  },

  // Waits for a target and gives it the focus.
  async focus({target, slice}) {
    const result = await reach(target, ['enabled'], slice);
    if (ready(result)) result.el.focus();
    return plain(result);
  },

  // Waits until a text can be seen, a target can be seen, another cannot, and
  // the address and title are not those that were seen last.
  async expect({text, visible: shown, hidden, seen, slice}) {
    const where = () => ({url: location.href, title: document.title});
    const result = await until(slice, ready, () => {
      if (text && !byText(text, false).some(visible)) return {state: 'textless'};
      let matched = 0;
      if (shown) {
        const result = resolve(shown, []);
        if (!ready(result) && result.state !== 'ambiguous') return {...result, of: 'visible'};
        matched = result.matched;
      }
      if (hidden) {
        const {seen, of} = find(hidden);
        if (seen.length > 0 && seen.length >= of.nth) return {state: 'shown', detail: describe(seen[Math.max(of.nth - 1, 0)])};
      }
      const now = where();
      if (seen && seen.url === now.url && seen.title === now.title) return {state: 'same', matched};
      return {state: 'ready', matched};
    });
    return {...plain(result), ...where()};
  },

  // Lets the page do what it has begun: what was asked for in the last task has
  // been asked for when this returns.
  async settle({press}) {
    await sleep(0);
    await sleep(0);
    return outrider.landed({press});
  },

  // Waits until what has been painted has been reported.
  async painted() {
    await frame();
    await frame();
    await new Promise((done) => requestIdleCallback(done, {timeout: 100}));
    await sleep(0);
  },

  // What a person can read, and where. The limit is only against floods: it is
  // well above what is kept, so that secrets are found before anything is cut.
  text({limit}) {
    const text = document.body?.innerText ?? '';
    return {url: location.href, title: document.title.slice(0, limit), text: text.slice(0, limit), cut: text.length > limit};
  },

  // The boxes of everything that shows a secret, in CSS pixels of the viewport:
  // of frames that the journey acts in, the whole.
  secrets({values, frames}) {
    const rects = [];
    if (frames) for (const el of query('iframe,frame,object,embed')) rects.push(...el.getClientRects());
    for (const el of secretFields) if (el.isConnected) rects.push(...el.getClientRects());
    for (const pattern of values.map(loosely)) {
      const has = (text) => pattern.test(text);
      for (const el of smallest(has, has)) rects.push(...shownIn(el, pattern));
      for (const el of query('input,textarea')) {
        if (has(el.value) || has(el.placeholder)) rects.push(...el.getClientRects());
      }
    }
    return rects.map((r) => ({x: r.left, y: r.top, width: r.width, height: r.height}));
  },
};

// What the scripts that come with a call are made of (see seldom.go).
globalThis.outrider.kit = {
  query, children, parent, normal, hiddenFromAll, labelOf, labelTexts, accessibleName, contentName, referenced,
  find, matches, resolve, reach, until, ready, plain, visible, describe, disabled, point, frame, secretFields,
};
