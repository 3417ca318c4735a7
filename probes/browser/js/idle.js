// After an input the browser expects another one, and calls nobody idle for about
// a second; by then a journey has long left the page. The web-vitals library
// looks at inputs when idle: in our world, for it and for us, idle is 50 ms
// later at the latest.
const whenIdle = globalThis.requestIdleCallback;
globalThis.requestIdleCallback = (f, options) => whenIdle.call(globalThis, f, {timeout: Math.min(options?.timeout || 50, 50)});
