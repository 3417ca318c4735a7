// What a target means, beyond the kinds that js/page.js knows: further kinds,
// elements within others, and fall-backs. Runs in the scope of js/page.js.

// All elements of which an attribute has the wanted text.
function byAttribute(attribute, wanted, exact) {
  const fits = comparer(wanted, exact);
  return query(`[${attribute}]`).filter((el) => fits(el.getAttribute(attribute)));
}

// All elements that an XPath expression gives for a root: the document, an
// element, or a shadow root.
function evaluateXPath(expression, root, found) {
  const result = document.evaluate(expression, root, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
  for (let i = 0; i < result.snapshotLength; i++) {
    const node = result.snapshotItem(i);
    if (node.nodeType === Node.ELEMENT_NODE) found.add(node);
  }
}

// All elements that match an XPath expression, in the document and in open
// shadow roots. XPath cannot start at a shadow root: a path that starts with //
// is looked for below each of its children, and at each of them.
function byXPath(expression, container) {
  const found = new Set();
  const inner = expression.trim();
  if (container && inner.startsWith('.')) {
    evaluateXPath(inner, container, found);
    return [...found];
  }
  evaluateXPath(inner, document, found);
  if (!inner.startsWith('//')) return [...found];
  const roots = (root) => {
    for (const el of root.querySelectorAll('*')) {
      if (!el.shadowRoot) continue;
      for (const child of el.shadowRoot.children) {
        try {
          evaluateXPath('self::' + inner.slice(2), child, found);
        } catch {
          // The path starts with an axis: it means nothing of the child itself.
        }
        evaluateXPath('.' + inner, child, found);
      }
      roots(el.shadowRoot);
    }
  };
  roots(document);
  return [...found];
}

// All elements of a target's kind, wherever they are. A selector that starts
// at the container is looked for in each.
function byKind(target, containers) {
  if (target.css) {
    const css = /^\s*[>+~]/.test(target.css) ? `:scope ${target.css}` : target.css;
    if (containers && css.includes(':scope')) return [...new Set(containers.flatMap((c) => [...c.querySelectorAll(css)]))];
    return query(css);
  }
  if (target.xpath) {
    if (containers && target.xpath.trim().startsWith('.')) return [...new Set(containers.flatMap((c) => byXPath(target.xpath, c)))];
    return byXPath(target.xpath);
  }
  if (target.text) return byText(target.text, target.exact);
  if (target.role) return byRole(target.role, target.name, target.exact);
  if (target.label) return byLabel(target.label, target.exact);
  if (target.placeholder) return byAttribute('placeholder', target.placeholder, target.exact);
  if (target.alt) return byAttribute('alt', target.alt, target.exact);
  if (target.title) return byAttribute('title', target.title, target.exact);
  return query(`[data-testid="${CSS.escape(target.testid)}"]`);
}

// All elements that a target means, its fall-backs left out.
function matches(target) {
  let containers = null;
  if (target.within) {
    const {all, seen} = find(target.within);
    containers = target.within.nth > 0 ? seen.slice(target.within.nth - 1, target.within.nth) : all;
    if (containers.length === 0) return [];
  }
  let all = byKind(target, containers);
  if (containers) all = all.filter((el) => containers.some((c) => c !== el && within(el, c)));
  if (target.has_text) {
    const fits = comparer(target.has_text, false);
    const cache = new Map();
    all = all.filter((el) => fits(textOf(el, cache)));
  }
  return all;
}

// Fall-backs wait this many times longer while the page is still loading.
const loadingGrace = 4;

// All elements that a target means, and those of them that can be seen. A
// fall-back takes the target's place when nothing of what comes before it can
// be seen: not at once, since pages take their time, but after the target's
// grace, in milliseconds. matched says which it was, from 1; of what counts,
// such as nth.
function find(target) {
  const look = (of, matched) => {
    const all = matches(of);
    return {all, seen: all.filter(visible), of, matched};
  };
  const enough = (found) => found.seen.length >= Math.max(found.of.nth, 1);
  const first = look(target, 0);
  if (enough(first) || !target.or) return first;
  const now = performance.now();
  target.since ??= now;
  if (now - target.since + target.looked < target.grace * (document.readyState === 'complete' ? 1 : loadingGrace)) return first;
  for (const [i, other] of target.or.entries()) {
    const found = look(other, i + 1);
    if (enough(found)) return found;
  }
  return first;
}

// What a person may have meant by a target that is not there: a few elements
// that are like it.
function likely(target) {
  if (outrider.hushed) return '';
  const some = (kind, found, text) => {
    const texts = [...new Set(found.filter(visible).map(text).map(normal).filter(Boolean))];
    if (texts.length === 0) return '';
    return `; ${kind} there: ${texts.slice(0, 5).map((t) => JSON.stringify(t.slice(0, 40))).join(', ')}${texts.length > 5 ? ` and ${texts.length - 5} more` : ''}`;
  };
  if (target.within && find(target.within).all.length === 0) return `; what it is to be within is not there, either`;
  if (target.role && target.name) return some(`${target.role}s`, byRole(target.role, '', false), (el) => accessibleName(el, roleName(target.role)));
  if (target.label) return some('labels', query('label'), (el) => el.textContent);
  if (target.placeholder) return some('placeholders', query('[placeholder]'), (el) => el.placeholder ?? '');
  if (target.testid) return some('test ids', query('[data-testid]'), (el) => el.dataset.testid);
  if (target.alt) return some('pictures', query('[alt]'), (el) => el.getAttribute('alt'));
  if (target.title) return some('titles', query('[title]'), (el) => el.title);
  return '';
}

// Whether the browser itself lets a person drag an element away.
const dragsNatively = (el) => Boolean(el.closest('[draggable=true],a[href]:not([draggable=false]),img:not([draggable=false])'));

// A place in an element, from its top left corner.
function placeIn(el, {X, Y}) {
  const box = el.getBoundingClientRect();
  const at = {x: box.left + X, y: box.top + Y};
  return at.x >= 0 && at.y >= 0 && at.x < innerWidth && at.y < innerHeight ? at : null;
}

function hasPlace(el, {X, Y}) {
  const box = el.getBoundingClientRect();
  return X < box.width && Y < box.height;
}

const sizeOf = (el) => {
  const box = el.getBoundingClientRect();
  return `${Math.round(box.width)}x${Math.round(box.height)}`;
};
