// The layout_shift fault: a banner that comes late and pushes the page down.
"use strict";
if (document.body.hasAttribute("data-late-banner")) {
  const show = () => {
    const banner = document.createElement("p");
    banner.className = "late";
    banner.textContent = "Free delivery this week, and only this week!";
    document.getElementById("main").prepend(banner);
  };
  // After a frame was painted: only then does it push anything.
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(show, 100)));
}
