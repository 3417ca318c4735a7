// What actions need that few journeys do.

Object.assign(globalThis.outrider, (() => {
  const {resolve, ready, plain, describe, disabled, until, reach, matches, point, frame, secretFields} = outrider.kit;

  // Whether a box, a button or a switch is checked; null if it cannot be.
  function checkedness(el) {
    if (el.localName === 'input' && (el.type === 'checkbox' || el.type === 'radio')) return el.indeterminate ? 'mixed' : el.checked;
    const role = el.getAttribute('role')?.trim().toLowerCase().split(/\s+/)[0];
    if (!['checkbox', 'radio', 'switch', 'menuitemcheckbox', 'menuitemradio'].includes(role)) return null;
    const state = el.getAttribute('aria-checked');
    return state === 'mixed' ? 'mixed' : state === 'true';
  }

  // The control that an element stands for: a label's, or itself.
  const controlOf = (el) => (el.localName === 'label' && el.control) || el;

  // Looks whether a target is checked.
  function resolveChecked(target) {
    const result = resolve(target, []);
    if (!ready(result)) return result;
    const state = checkedness(controlOf(result.el));
    if (state === null) return {state: 'uneditable', matched: result.matched, detail: `${describe(result.el)}: it is no check box, radio button or switch`};
    return {...result, mode: String(state)};
  }

  const isFileInput = (el) => el.localName === 'input' && el.type === 'file';

  // The file input that a target means, hidden as most of them are, or whatever
  // else can be seen of it, which may open a file chooser.
  function resolveFiles(target) {
    for (const [i, of] of [target, ...(target.or ?? [])].entries()) {
      const inputs = [...new Set(matches(of).map(controlOf).filter(isFileInput))];
      if (of.nth > 0 && inputs.length >= of.nth) return {state: 'ready', el: inputs[of.nth - 1], matched: i, mode: 'input'};
      if (of.nth === 0 && inputs.length === 1) return {state: 'ready', el: inputs[0], matched: i, mode: 'input'};
      if (of.nth === 0 && inputs.length > 1) return {state: 'ambiguous', count: inputs.length, hint: () => inputs.slice(0, 5).map(describe).join(', ')};
    }
    return {...resolve(target, ['enabled']), mode: 'button'};
  }

  return {
    // The file input that files was asked for last.
    fileInput: null,

    // Waits for a target that can be checked; mode says whether it is: "true",
    // "false" or "mixed". With wanted it waits until it is so.
    async checked({target, wanted = '', slice}) {
      const done = (result) => ready(result) && (wanted === '' || result.mode === wanted);
      const result = await until(slice, done, () => resolveChecked(target));
      if (ready(result) && !done(result)) return plain({...result, state: 'unchecked', detail: describe(result.el)});
      return plain(result);
    },

    // Waits for a target that can be typed into and gives it the focus, with the
    // caret behind what is there.
    async caret({target, secret, slice}) {
      const result = await reach(target, ['enabled'], slice);
      if (!ready(result)) return plain(result);
      const el = controlOf(result.el);
      el.focus();
      if (secret) secretFields.add(el);
      try {
        if (el.setSelectionRange) {
          el.setSelectionRange(el.value.length, el.value.length);
        } else if (el.isContentEditable) {
          const selection = el.ownerDocument.getSelection();
          selection.selectAllChildren(el);
          selection.collapseToEnd();
        }
      } catch {
        // Inputs of some types, such as email, have no caret to be set.
      }
      return plain({...result, state: 'ready'});
    },

    // Waits for a file input, or for a button that opens a file chooser; mode
    // says which.
    async files({target, several, slice}) {
      const result = await until(slice, ready, () => resolveFiles(target));
      outrider.fileInput = ready(result) && result.mode === 'input' ? result.el : null;
      if (outrider.fileInput && disabled(result.el)) return plain({...result, state: 'disabled', detail: describe(result.el)});
      if (outrider.fileInput && several && !result.el.multiple) return plain({...result, state: 'refused', detail: `${describe(result.el)} takes one file only`});
      return plain(result);
    },

    // What the page knows of the request that led to it, in milliseconds.
    arrival() {
      const n = performance.getEntriesByType('navigation')[0];
      if (!n) return {status: 0};
      const tls = n.secureConnectionStart > 0 ? n.connectEnd - n.secureConnectionStart : 0;
      return {
        status: n.responseStatus, protocol: n.nextHopProtocol,
        resolve: n.domainLookupEnd - n.domainLookupStart, connect: n.connectEnd - n.connectStart - tls, tls,
        firstByte: n.responseStart - n.requestStart, download: n.responseEnd - n.responseStart,
        transfer: n.transferSize, body: n.decodedBodySize,
      };
    },

    // Waits for a target to be in view, and gives where it is.
    async place({target, slice}) {
      return plain(await until(slice, ready, () => {
        const result = resolve(target, []);
        if (!ready(result)) return result;
        if (!point(result.el)) result.el.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
        const at = point(result.el);
        return at ? {...result, x: at.x, y: at.y} : {state: 'outside', detail: describe(result.el)};
      }));
    },

    // Waits for a target to be seen, if there is one, and scrolls: into view
    // without x and y, else what is in it, or the page. Gives a point of it.
    async scroll({target, edge, x, y, slice}) {
      let result = {state: 'ready'};
      if (target) {
        result = await until(slice, ready, () => resolve(target, []));
        if (!ready(result)) return plain(result);
      }
      const el = result.el ?? document.scrollingElement ?? document.documentElement;
      const to = (left, top) => el.scrollTo({left: left ?? el.scrollLeft, top: top ?? el.scrollTop, behavior: 'instant'});
      if (edge) to(null, edge === 'top' ? 0 : el.scrollHeight);
      else if (x !== null || y !== null) to(x, y);
      else el.scrollIntoView({block: 'center', inline: 'nearest', behavior: 'instant'});
      await frame();
      const at = result.el ? point(el) : null;
      return plain({...result, state: 'ready', x: at?.x ?? 0, y: at?.y ?? 0});
    },
  };
})());
