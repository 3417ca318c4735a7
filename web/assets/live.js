// Keeps an open page current: relative times tick, and the parts marked
// data-live are replaced by what the server renders for the same address.
// Everything works without it.
"use strict";

const refreshEvery = 10_000;
const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

function ago(seconds) {
  const away = Math.abs(seconds);
  if (away < 1) return "now";
  const size = away >= 172800 ? 86400 : away >= 3600 ? 3600 : away >= 60 ? 60 : 1;
  const rest = Math.floor(away / size) * size;
  const at = units.findIndex(([u]) => rest >= u);
  let text = Math.floor(rest / units[at][0]) + "\u00a0" + units[at][1];
  const left = rest % units[at][0];
  if (at + 1 < units.length && left >= units[at + 1][0]) {
    text += " " + Math.floor(left / units[at + 1][0]) + "\u00a0" + units[at + 1][1];
  }
  return seconds < 0 ? "in " + text : text + " ago";
}

function tick() {
  for (const t of document.querySelectorAll("time[data-ago]")) {
    const text = ago((Date.now() - Date.parse(t.dateTime)) / 1000);
    if (t.textContent !== text) t.textContent = text;
  }
}

// busy tells whether someone is reading or typing right there.
function busy(part) {
  const selected = document.getSelection();
  return part.contains(document.activeElement) ||
    (selected && !selected.isCollapsed && part.contains(selected.anchorNode));
}

async function refresh() {
  const parts = document.querySelectorAll("main [data-live]");
  if (document.hidden || parts.length === 0) return;
  let fresh;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return; // the monitor is restarting, or we are offline: the next round tells
  }
  document.title = fresh.title;
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!next || busy(part) || next.innerHTML === part.innerHTML) continue;
    part.replaceChildren(...[...next.childNodes].map((n) => document.adoptNode(n)));
  }
  tick();
}

setInterval(tick, 1000);
setInterval(refresh, refreshEvery);
document.addEventListener("visibilitychange", refresh);
