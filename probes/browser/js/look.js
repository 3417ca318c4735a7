// Holds a page still while its picture is taken, and tells what to cover in it.

Object.assign(globalThis.outrider, (() => {
  const {query, find, resolve, ready, plain} = outrider.kit;
  const stillness = 'html *, html *::before, html *::after { caret-color: transparent !important; scroll-behavior: auto !important; }';

  const roots = () => {
    const found = [document];
    for (const el of query('*')) if (el.shadowRoot) found.push(el.shadowRoot);
    return found;
  };

  const box = (el) => {
    const {left, top, width, height} = el.getBoundingClientRect();
    return {x: left, y: top, width, height};
  };

  return {
    // Ends what moves and comes to an end, stops at its beginning what does
    // not, and hides the caret. Waits until that is on the screen.
    async freeze() {
      outrider.thaw();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(stillness);
      const stopped = [];
      for (const animation of document.getAnimations()) {
        const {endTime = Infinity} = animation.effect?.getComputedTiming() ?? {};
        if (animation.playState !== 'running') continue;
        if (endTime === Infinity || !(animation.playbackRate > 0)) {
          stopped.push({animation, at: animation.currentTime});
          animation.pause();
          animation.currentTime = 0;
        } else {
          animation.finish();
        }
      }
      const styled = roots();
      for (const root of styled) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
      outrider.frozen = {sheet, styled, stopped};
      const frame = () => new Promise((done) => {
        requestAnimationFrame(done);
        setTimeout(done, 100);
      });
      await frame();
      await frame();
    },

    // Lets the page go on as it was.
    thaw() {
      const was = outrider.frozen;
      if (!was) return;
      outrider.frozen = null;
      for (const root of was.styled) root.adoptedStyleSheets = root.adoptedStyleSheets.filter((sheet) => sheet !== was.sheet);
      for (const {animation, at} of was.stopped) {
        if (animation.playState !== 'paused') continue;
        animation.currentTime = at;
        animation.play();
      }
    },

    // The box of what is looked at, scrolled into view, and those of what is
    // covered, in CSS pixels of the viewport.
    look({target, masks}) {
      let result = {state: 'ready'};
      if (target) {
        result = resolve(target, []);
        if (!ready(result)) return plain(result);
        result.el.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'});
      }
      return {
        ...plain(result), scale: devicePixelRatio,
        area: target ? box(result.el) : {x: 0, y: 0, width: innerWidth, height: innerHeight},
        covers: masks.flatMap((mask) => find(mask).seen.slice(0, 1000).map(box)),
      };
    },
  };
})());
