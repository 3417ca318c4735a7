// What pages of an origin have stored: Go puts it there and reads it. This
// world shares the page's storage.

Object.assign(globalThis.outrider, {
  // Stores items, in this origin only.
  store({origin, local, session}) {
    if (location.origin !== origin) throw new Error(`the page is of ${location.origin}`);
    for (const [key, value] of local ?? []) localStorage.setItem(key, value);
    for (const [key, value] of session ?? []) sessionStorage.setItem(key, value);
  },

  // Reads all items. A page without an origin of its own has none.
  stored({limit}) {
    const items = (open) => {
      try {
        return Object.entries(open());
      } catch {
        return [];
      }
    };
    const result = {origin: location.origin, local: items(() => localStorage), session: items(() => sessionStorage)};
    if (JSON.stringify(result).length > limit) throw new Error(`more than ${limit} characters are stored`);
    return result;
  },
});
