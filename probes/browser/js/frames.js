// Frames: which element is meant, and where a point in one is on the outside.
// Runs in the scope of js/page.js, in every document of journeys that act in
// frames.

const isFrame = (el) => ['iframe', 'frame', 'object', 'embed'].includes(el.localName);

// The frame element that is meant: a target's, or the child frame of a number.
function resolveFrame({target, index}) {
  if (target) {
    const result = resolve(target, []);
    if (ready(result) && !isFrame(result.el)) return {state: 'refused', detail: `${describe(result.el)} is no frame`};
    return result;
  }
  const wanted = window[index];
  const el = index < length ? query('iframe,frame,object,embed').find((el) => el.contentWindow === wanted) : null;
  return el ? {state: 'ready', el, matched: 0} : {state: 'missing', detail: `there are ${length} frames`};
}

// Where a point of a frame's document is on the outside.
function outward(el, x, y) {
  const box = el.getBoundingClientRect();
  const style = getComputedStyle(el);
  const across = el.offsetWidth ? box.width / el.offsetWidth : 1;
  const down = el.offsetHeight ? box.height / el.offsetHeight : 1;
  return {
    x: box.left + (el.clientLeft + parseFloat(style.paddingLeft) + x) * across,
    y: box.top + (el.clientTop + parseFloat(style.paddingTop) + y) * down,
  };
}

const inView = (at) => at.x >= 0 && at.y >= 0 && at.x < innerWidth && at.y < innerHeight;

// Scrolls everything that a frame is in until a point of it can be seen.
function scrollToPoint(el, x, y) {
  el.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'});
  for (let node = parent(el); node; node = parent(node)) {
    const at = outward(el, x, y);
    const box = node === document.scrollingElement ? {left: 0, top: 0, right: innerWidth, bottom: innerHeight} : node.getBoundingClientRect();
    const dx = at.x < box.left || at.x >= box.right ? at.x - (box.left + box.right) / 2 : 0;
    const dy = at.y < box.top || at.y >= box.bottom ? at.y - (box.top + box.bottom) / 2 : 0;
    if (dx || dy) node.scrollBy({left: dx, top: dy, behavior: 'instant'});
  }
}

Object.assign(globalThis.outrider, {
  // The element of the frame that was asked for last.
  frameElement: null,

  // Waits for a frame's element.
  async frame({frame, slice}) {
    const result = await until(slice, ready, () => resolveFrame(frame));
    outrider.frameElement = ready(result) ? result.el : null;
    return plain(result);
  },

  // Waits until a point of a frame's document can be pointed at: in view, lying
  // still, with nothing on top of the frame. Gives the point on the outside.
  // With press, the next press is meant for the frame.
  async through({frame: wanted, x, y, press, slice}) {
    aim = null;
    const result = await until(slice, ready, () => resolveFrame(wanted));
    if (!ready(result)) return plain(result);
    const el = result.el;
    const free = (at) => inView(at) && topmost(at.x, at.y) === el;
    let at = outward(el, x, y);
    if (!free(at)) {
      scrollToPoint(el, x, y);
      at = outward(el, x, y);
    }
    const since = performance.now();
    if (!inView(at)) return plain({state: 'outside', detail: describe(el)});
    const time = document.timeline.currentTime;
    await frame();
    if (!el.isConnected || adrift(el, time) || !sameBox(at, outward(el, x, y))) return plain({state: 'moving', detail: describe(el)});
    if (!free(at)) return plain({state: 'covered', detail: `${describe(el)} by ${describe(topmost(at.x, at.y) ?? document.documentElement)}`});
    if (press) aim = {press, el, hit: null};
    return plain({state: 'ready', x: at.x, y: at.y, confirmed: performance.now() - since});
  },

  // Where a point of a frame's document is on the outside.
  outward({frame, x, y}) {
    const result = resolveFrame(frame);
    return plain(ready(result) ? {state: 'ready', ...outward(result.el, x, y)} : result);
  },

  // Waits until a target can be seen.
  async shown({target, slice}) {
    const done = ({state}) => state === 'ready' || state === 'ambiguous';
    const result = await until(slice, done, () => resolve(target, []));
    return plain(done(result) ? {state: 'ready', matched: result.matched} : result);
  },

  // Waits until a target cannot be seen.
  async gone({target, slice}) {
    return plain(await until(slice, ready, () => {
      const {seen, of} = find(target);
      if (seen.length > 0 && seen.length >= of.nth) return {state: 'shown', detail: describe(seen[Math.max(of.nth - 1, 0)])};
      return {state: 'ready'};
    }));
  },
});
