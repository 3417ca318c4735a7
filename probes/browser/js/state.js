// How things stand with the elements that an expectation names.

Object.assign(globalThis.outrider, (() => {
  const {find, resolve, ready, plain, describe, disabled, normal} = outrider.kit;
  const longest = 20000; // characters of a text that are looked at

  // Whether a control is on; undefined for what can be neither on nor off.
  const isOn = (el) => {
    if (el.localName === 'input' && ['checkbox', 'radio'].includes(el.type)) return el.checked;
    return {true: true, false: false, mixed: false}[el.getAttribute('aria-checked') ?? el.getAttribute('aria-pressed')];
  };

  const control = (target) => {
    const result = resolve(target, []);
    if (!ready(result)) return plain(result);
    const on = isOn(result.el);
    return {state: 'ready', detail: describe(result.el), disabled: disabled(result.el), checkable: on !== undefined, checked: on === true};
  };

  const cut = (text) => text.slice(0, longest);

  const valueOf = (el) => (typeof el.value === 'string' ? cut(el.value) : el.isContentEditable ? cut(el.innerText) : null);

  const element = (target, attributes, counting) => {
    const count = find(target).seen.length;
    if (counting) return {state: 'ready', count};
    const result = resolve(target, []);
    if (!ready(result)) return {...plain(result), count: result.count ?? count};
    const el = result.el;
    return {
      state: 'ready', count, detail: describe(el), text: cut(normal(el.innerText ?? el.textContent ?? '')), value: valueOf(el),
      attributes: Object.fromEntries(attributes.map((name) => [name, el.hasAttribute(name) ? cut(el.getAttribute(name)) : null])),
    };
  };

  return {
    states({enabled, disabled, checked, element: wanted, attributes, counting}) {
      return {
        enabled: enabled && control(enabled), disabled: disabled && control(disabled), checked: checked && control(checked),
        element: wanted && element(wanted, attributes ?? [], counting),
      };
    },
  };
})());
