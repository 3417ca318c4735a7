// Evidence of a page that failed. It is not loaded into every page: Go runs it
// in our world of one when there is something to show.

// Marks what a step was about: an outline around each element that its targets
// mean, with the target's words beside it. It lies above everything else, top
// layer included, where the page can neither see into it nor be clicked
// through it.
outrider.mark = ({targets}) => {
  outrider.unmark();
  const host = document.createElement('div');
  const set = (el, style) => Object.entries(style).forEach(([name, value]) => el.style.setProperty(name, value, 'important'));
  set(host, {all: 'initial', position: 'fixed', inset: '0', width: '100vw', height: '100vh', 'max-width': 'none', 'max-height': 'none',
    margin: '0', padding: '0', border: '0', background: 'none', overflow: 'hidden', 'pointer-events': 'none', 'z-index': '2147483647'});
  const root = host.attachShadow({mode: 'closed'});
  let marked = 0;
  for (const {target, label} of targets) {
    const found = outrider.elements(target);
    found.slice(0, 10).forEach((el, i) => {
      const r = el.getBoundingClientRect();
      if (r.width === 0 && r.height === 0) return;
      marked++;
      const box = document.createElement('div');
      set(box, {all: 'initial', position: 'fixed', 'box-sizing': 'border-box', left: `${r.left - 3}px`, top: `${r.top - 3}px`, width: `${r.width + 6}px`, height: `${r.height + 6}px`,
        border: '3px solid #d6006c', 'border-radius': '4px', 'box-shadow': '0 0 0 2px #fff'});
      const words = document.createElement('div');
      words.textContent = (found.length > 1 ? `${i + 1} of ${found.length}: ` : '') + label;
      const above = r.top > 24;
      set(words, {all: 'initial', position: 'fixed', left: `${Math.max(0, Math.min(r.left - 3, innerWidth - 160))}px`,
        top: `${Math.max(0, Math.min(above ? r.top - 24 : r.bottom + 3, innerHeight - 22))}px`, 'max-width': '70vw', overflow: 'hidden', 'white-space': 'nowrap', 'text-overflow': 'ellipsis',
        padding: '2px 6px', background: '#d6006c', color: '#fff', font: '600 13px/17px sans-serif', 'border-radius': '3px', 'box-shadow': '0 0 0 2px #fff'});
      root.append(box, words);
    });
  }
  if (!marked) return {marked};
  document.documentElement.append(host);
  outrider.overlay = host;
  try {
    host.popover = 'manual';
    host.showPopover();
  } catch {
    // The document is being replaced; it lies above most things all the same.
  }
  return {marked};
};

outrider.unmark = () => {
  outrider.overlay?.remove();
  outrider.overlay = null;
};

// The document as it is now, as HTML: with the values of its fields and its
// open shadow roots, without scripts, and without what fields keep secret. The
// limit is in characters; what is beyond it is left out.
outrider.snapshot = ({limit, redacted}) => {
  const parts = [];
  let size = 0;
  const put = (text) => {
    if (size <= limit) parts.push(text.slice(0, limit - size));
    size += text.length;
  };
  const text = (s) => s.replace(/[&<>]/g, (c) => ({'&': '&amp;', '<': '&lt;', '>': '&gt;'})[c]);
  const quoted = (s) => s.replace(/[&"<>]/g, (c) => ({'&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;'})[c]);
  const hollow = new Set(['script', 'noscript', 'template', 'iframe', 'object', 'embed']);
  const single = new Set(['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr']);
  const tells = /token|secret|csrf|xsrf|passw|session|nonce/i;

  const open = (el, tag) => {
    const given = new Map();
    for (const {name, value} of el.attributes) {
      if (/^on|^nonce$|^srcdoc$/i.test(name) || !/^[^\s"'<>/=]+$/.test(name)) continue;
      given.set(name, /^data:/i.test(value) ? value.slice(0, 64) : tells.test(name) ? redacted : value);
    }
    const secret = outrider.kit.secretFields.has(el) || ['password', 'hidden'].includes(el.type) || tells.test(el.name ?? '');
    if (tag === 'input') {
      if (el.value && el.type !== 'file') given.set('value', secret ? redacted : el.value);
      el.checked ? given.set('checked', '') : given.delete('checked');
    }
    if (tag === 'option') el.selected ? given.set('selected', '') : given.delete('selected');
    if (tag === 'meta' && tells.test(el.name + el.httpEquiv)) given.set('content', redacted);
    put(`<${tag}${[...given].map(([name, value]) => ` ${name}="${quoted(value)}"`).join('')}>`);
    return secret;
  };

  // No recursion: pages may be nested as deep as they like.
  const todo = [document.documentElement];
  const push = (nodes) => {
    for (let i = nodes.length - 1; i >= 0; i--) todo.push(nodes[i]);
  };
  while (todo.length && size <= limit) {
    const node = todo.pop();
    if (typeof node === 'string') {
      put(node);
    } else if (node.nodeType === Node.TEXT_NODE) {
      put(node.parentNode?.localName === 'style' ? node.data.replace(/<\//g, '<\\/') : text(node.data));
    } else if (node.nodeType === Node.ELEMENT_NODE && node !== outrider.overlay) {
      const tag = node.localName;
      if (!/^[a-z][^\s"'<>/=]*$/i.test(tag) || tag === 'script') continue;
      const secret = open(node, tag);
      if (single.has(tag)) continue;
      todo.push(`</${tag}>`);
      if (hollow.has(tag)) continue;
      if (tag === 'textarea') {
        put(text(secret ? redacted : node.value));
        continue;
      }
      push(node.childNodes);
      if (node.shadowRoot) {
        todo.push('</template>');
        push(node.shadowRoot.childNodes);
        todo.push('<template shadowrootmode="open">');
      }
    }
  }
  return {html: parts.join(''), cut: size > limit};
};
