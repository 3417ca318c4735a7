// How things stand with an element that an expectation names.

Object.assign(globalThis.outrider, (() => {
  const {find, resolve, ready, plain, describe, disabled, normal} = outrider.kit;
  const longest = 20000; // characters of a text that are looked at

  // Whether a control is on; undefined for what can be neither on nor off.
  const isOn = (el) => {
    if (el.localName === 'input' && ['checkbox', 'radio'].includes(el.type)) return el.checked;
    return {true: true, false: false, mixed: false}[el.getAttribute('aria-checked') ?? el.getAttribute('aria-pressed')];
  };

  const cut = (text) => text.slice(0, longest);

  const valueOf = (el) => (typeof el.value === 'string' ? cut(el.value) : el.isContentEditable ? cut(el.innerText) : null);

  return {
    // counting wants to know only how many elements can be seen.
    state({target, attributes, counting}) {
      const count = find(target).seen.length;
      if (counting) return {state: 'ready', count};
      const result = resolve(target, []);
      if (!ready(result)) return {...plain(result), count};
      const el = result.el;
      const on = isOn(el);
      return {
        ...plain(result), count, detail: describe(el), disabled: disabled(el), checkable: on !== undefined, checked: on === true,
        text: cut(normal(el.innerText ?? el.textContent ?? '')), value: valueOf(el),
        attributes: Object.fromEntries(attributes.map((name) => [name, el.hasAttribute(name) ? cut(el.getAttribute(name)) : null])),
      };
    },
  };
})());
