// The basic rules of accessibility, after WCAG 2.2 (levels A and AA) and
// accname-1.2. The rules are named as Deque's axe names them. Where it cannot
// be told whether a rule is kept, it is.

Object.assign(globalThis.outrider, (() => {
  const {query, parent, normal, hiddenFromAll, labelOf, labelTexts, accessibleName, contentName, describe} = outrider.kit;

  // Whether a person with a screen reader meets an element.
  const exposed = (el) => el.checkVisibility({visibilityProperty: true}) && !hiddenFromAll(el) && !el.closest('[inert]');
  const all = (css) => query(css).filter(exposed);
  const decorative = (el) => ['none', 'presentation'].includes((el.getAttribute('role') ?? '').trim().toLowerCase());
  const titled = (el) => normal(el.getAttribute('title') ?? '') !== '';
  const focusable = (el) => el.tabIndex >= 0 && !el.matches(':disabled') && el.checkVisibility({visibilityProperty: true});

  // ------------------------------------------------------------- contrast

  // Red, green, blue and alpha, each from 0 to 1; null for what is written in
  // another way.
  const parse = (color) => {
    const m = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(color);
    return m && [m[1] / 255, m[2] / 255, m[3] / 255, m[4] === undefined ? 1 : Number(m[4])];
  };
  const over = (top, below) => {
    const alpha = top[3] + below[3] * (1 - top[3]);
    if (alpha === 0) return [0, 0, 0, 0];
    return [0, 1, 2].map((i) => (top[i] * top[3] + below[i] * below[3] * (1 - top[3])) / alpha).concat(alpha);
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const replaced = new Set(['img', 'video', 'canvas', 'iframe', 'object', 'embed', 'svg', 'picture']);
  const white = [1, 1, 1, 1];

  // What lies on the screen below a point of an element, the nearest first.
  const stack = (el, x, y) => {
    const found = el.getRootNode().elementsFromPoint(x, y);
    const at = found.indexOf(el);
    return at < 0 ? null : found.slice(at);
  };

  // The colour behind an element's text, or null if it is not one colour.
  const background = (el, x, y) => {
    const below = stack(el, x, y);
    if (!below) return null;
    let color = [0, 0, 0, 0];
    for (const node of below) {
      const style = getComputedStyle(node);
      if (replaced.has(node.localName) || style.backgroundImage !== 'none') return null;
      const own = parse(style.backgroundColor);
      if (!own) return null;
      color = over(color, own);
      if (color[3] > 0.999) return color;
    }
    return over(color, white);
  };

  const unsure = (el) => {
    for (let node = el; node; node = parent(node)) {
      const style = getComputedStyle(node);
      if (style.opacity !== '1' || style.filter !== 'none' || style.mixBlendMode !== 'normal' || style.backgroundClip === 'text') return true;
    }
    return false;
  };

  const mostTexts = 2000;

  // Texts in view whose contrast is too low (WCAG 1.4.3).
  const faint = () => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const seen = new Set();
    for (let node; seen.size < mostTexts && (node = walker.nextNode());) {
      const el = node.parentElement;
      if (!/\S/.test(node.data) || seen.has(el)) continue;
      seen.add(el);
      if (!exposed(el) || el.closest(':disabled,[aria-disabled=true],option,noscript,script,style')) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = [...range.getClientRects()].find((r) => r.width > 1 && r.height > 1);
      if (!box) continue;
      const x = box.left + box.width / 2, y = box.top + box.height / 2;
      if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight || unsure(el)) continue;
      const style = getComputedStyle(el);
      const color = parse(style.color);
      const behind = style.textShadow === 'none' && color && background(el, x, y);
      if (!behind) continue;
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const contrast = ratio(over(color, behind), behind);
      const least = large ? 3 : 4.5;
      if (contrast < least - 0.005) found.push([el, `${contrast.toFixed(2)}:1 instead of ${least}:1`]);
    }
    return found;
  };

  // ---------------------------------------------------------------- rules

  const unnamedImage = (el) => !el.hasAttribute('alt') && !decorative(el) && !labelOf(el) && !titled(el);
  const references = ['aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-owns', 'aria-activedescendant', 'aria-flowto', 'aria-details', 'aria-errormessage', 'for'];

  // Elements whose id, which another refers to, is there twice.
  const ambiguous = () => {
    const used = new Set();
    for (const el of document.querySelectorAll(references.map((name) => `[${name}]`).join())) {
      for (const name of references) for (const id of (el.getAttribute(name) ?? '').split(/\s+/)) if (id) used.add(id);
    }
    return [...used].map((id) => document.querySelectorAll(`[id="${CSS.escape(id)}"]`)).filter((same) => same.length > 1).map((same) => same[1]);
  };

  const textFields = 'input:not([type=hidden i],[type=submit i],[type=button i],[type=reset i],[type=image i]),textarea';
  const rules = {
    'document-title': () => (normal(document.title) === '' ? [document.documentElement] : []),
    'html-has-lang': () => (normal(document.documentElement.lang || document.documentElement.getAttribute('xml:lang') || '') === '' ? [document.documentElement] : []),
    'html-lang-valid': () => (/^(|[a-z]{2,3}(-[a-z0-9]{1,8})*)$/i.test(document.documentElement.lang.trim()) ? [] : [document.documentElement]),
    'image-alt': () => all('img').filter(unnamedImage),
    'input-image-alt': () => all('input[type=image i]').filter((el) => !normal(el.getAttribute('alt') ?? '') && !labelOf(el) && !titled(el)),
    'input-button-name': () => all('input[type=button i],input[type=submit i],input[type=reset i]').filter((el) => !normal(el.value) && (el.type === 'button' || el.hasAttribute('value')) && !labelOf(el) && !titled(el)),
    'button-name': () => all('button,[role=button i]').filter((el) => el.localName !== 'input' && !decorative(el) && !accessibleName(el, 'button')),
    'link-name': () => all('a[href],area[href],[role=link i]').filter((el) => !decorative(el) && !['button', 'tab', 'menuitem'].includes(el.getAttribute('role')) && !accessibleName(el, 'link')),
    label: () => all(textFields).filter((el) => !accessibleName(el, 'textbox')),
    'select-name': () => all('select').filter((el) => !labelOf(el) && !labelTexts(el).some(Boolean) && !titled(el)),
    'frame-title': () => all('iframe,frame').filter((el) => el.tabIndex >= 0 && !titled(el) && !labelOf(el) && !decorative(el)),
    'duplicate-id-aria': ambiguous,
    'aria-hidden-focus': () => query('[aria-hidden=true]').flatMap((el) => [el, ...el.querySelectorAll('a[href],button,input,select,textarea,[tabindex]')]).filter((el) => focusable(el) && !el.closest('[inert]')),
    'meta-refresh': () => query('meta[http-equiv=refresh i]').filter((el) => {
      const seconds = parseInt(el.content, 10);
      return seconds > 0 && seconds < 20 * 3600;
    }),
    'meta-viewport': () => query('meta[name=viewport i]').filter((el) => {
      const content = el.content.replace(/\s/g, '').toLowerCase();
      const scale = /maximum-scale=([\d.]+)/.exec(content);
      return /user-scalable=(no|0)\b/.test(content) || (scale && Number(scale[1]) < 2);
    }),
    'color-contrast': () => (document.body ? faint() : []),
  };

  return {
    // Every rule that is broken, how often, and where first.
    accessible({allow}) {
      const broken = [];
      for (const [rule, find] of Object.entries(rules)) {
        if (allow.includes(rule)) continue;
        const found = [...new Set(find())];
        if (found.length === 0) continue;
        const [el, how] = Array.isArray(found[0]) ? found[0] : [found[0], ''];
        broken.push({rule, count: found.length, detail: how ? `${describe(el)} ${how}` : describe(el)});
      }
      return broken;
    },
  };
})());
