// Keeps the inbox up to date. The server renders and escapes; this only swaps
// the list, and leaves opened payloads open.
"use strict";
const live = document.querySelector("[data-live]");
if (live) {
  let last = live.innerHTML;
  const refresh = async () => {
    try {
      const answer = await fetch(live.dataset.live);
      const text = await answer.text();
      if (answer.ok && text !== last && !live.querySelector("details[open]")) {
        live.innerHTML = last = text;
      }
    } catch {
      // The shop is away; the next turn may find it again.
    }
    setTimeout(refresh, 2000);
  };
  setTimeout(refresh, 2000);
}
