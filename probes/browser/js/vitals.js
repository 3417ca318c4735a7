// Reports through the binding what the page tells of itself: every change of
// each Web Vital with what caused it, long tasks, long animation frames, and
// marks and measures of the page. Runs right behind the web-vitals library, in
// its scope. All that the page can choose is bounded here and again in Go.

const told = {vitals: new Map(), interactions: [], tasks: [], frames: [], marks: []};
let timer = 0;

// Tells what has come together.
function tell() {
  clearTimeout(timer);
  timer = 0;
  const vitals = [...told.interactions, ...told.vitals.values()];
  const {tasks, frames, marks} = told;
  if (!vitals.length && !tasks.length && !frames.length && !marks.length) return;
  told.vitals.clear();
  told.interactions = [];
  told.tasks = [];
  told.frames = [];
  told.marks = [];
  globalThis.outriderVital(JSON.stringify({origin: performance.timeOrigin, vitals, tasks, frames, marks}));
}

// Changes come in bursts: one report for each. It must not wait for long, since
// the page may be left at any moment.
const soon = () => {
  if (document.visibilityState === 'hidden') tell(); // there is no later
  else timer ||= setTimeout(tell, 10);
};
// What a journey may wait for is told with the burst that it comes in.
const now = () => {
  clearTimeout(timer);
  timer = setTimeout(tell, 0);
};

// Milliseconds, as precise as they are of use.
const ms = (x) => Math.round((x || 0) * 10) / 10;

// Texts are cut well above what is kept of them, so that Go finds secrets first.
const text = (s) => String(s ?? '').slice(0, 1000);

// A URL without what is of no use, and perhaps private.
const address = (url) => {
  url = String(url ?? '');
  return url.startsWith('data:') ? url.slice(0, 100).split(',', 1)[0] : text(url.split(/[?#]/, 1)[0]);
};

const script = (s) => ({url: address(s.sourceURL), function: text(s.sourceFunctionName), invoker: /^\w+:/.test(s.invoker) ? address(s.invoker) : text(s.invoker)});

const causes = {
  LCP: (a) => ({target: text(a.target), url: address(a.url), ttfb_ms: ms(a.timeToFirstByte), load_delay_ms: ms(a.resourceLoadDelay), load_duration_ms: ms(a.resourceLoadDuration), render_delay_ms: ms(a.elementRenderDelay)}),
  CLS: (a) => ({target: text(a.largestShiftTarget), shift: a.largestShiftValue ?? 0, at_ms: ms(a.largestShiftTime), state: a.loadState}),
  INP: (a) => ({
    target: text(a.interactionTarget), event: a.interactionType, input_delay_ms: ms(a.inputDelay), processing_ms: ms(a.processingDuration), presentation_ms: ms(a.presentationDelay),
    script: a.longestScript && {...script(a.longestScript.entry), duration_ms: ms(a.longestScript.intersectingDuration), part: a.longestScript.subpart},
  }),
  FCP: (a) => ({ttfb_ms: ms(a.timeToFirstByte), render_delay_ms: ms(a.firstByteToFCP)}),
  TTFB: (a) => ({waiting_ms: ms(a.waitingDuration), cache_ms: ms(a.cacheDuration), resolve_ms: ms(a.dnsDuration), connect_ms: ms(a.connectionDuration), request_ms: ms(a.requestDuration)}),
};

for (const on of ['onCLS', 'onFCP', 'onINP', 'onLCP', 'onTTFB']) {
  webVitals[on](
    (metric) => {
      const soft = metric.navigationType === 'soft-navigation';
      if (soft && metric.name === 'TTFB') return; // there is none
      // When the interaction happened that INP tells of.
      const last = metric.entries[metric.entries.length - 1];
      const report = {
        name: metric.name, value: Math.round(metric.value * 1e5) / 1e5, at: ms(last?.startTime), cause: causes[metric.name](metric.attribution ?? {}),
        view: soft ? metric.navigationId : 0, url: soft ? address(metric.navigationURL) : '', start: soft ? ms(metric.navigationStartTime) : 0,
      };
      if (metric.name === 'INP' && told.interactions.length < 20) told.interactions.push(report);
      else told.vitals.set(metric.name + report.view, report);
      if ((metric.name === 'LCP' || metric.name === 'CLS') && document.readyState === 'complete' && document.visibilityState !== 'hidden') now();
      else soon();
    },
    // INP of every interaction, not only of slow ones.
    {reportAllChanges: true, reportSoftNavs: true, durationThreshold: 16},
  );
}

const watchers = [];

// Watches entries of some types, at most so many of them in this document.
function watch(types, most, keep) {
  let left = most;
  const take = (entries) => {
    for (const entry of entries) {
      if (left-- <= 0) {
        watcher.disconnect();
        break;
      }
      keep(entry);
      soon();
    }
  };
  const watcher = new PerformanceObserver((list) => take(list.getEntries()));
  watchers.push(() => take(watcher.takeRecords()));
  for (const type of types) {
    if (PerformanceObserver.supportedEntryTypes.includes(type)) watcher.observe({type, buffered: true});
  }
}

watch(['longtask'], 1000, (e) => told.tasks.push([ms(e.startTime), ms(e.duration)]));

watch(['long-animation-frame'], 500, (e) => {
  const longest = e.scripts.reduce((a, b) => (a && a.duration >= b.duration ? a : b), null);
  told.frames.push({
    start: ms(e.startTime), duration: ms(e.duration), render: ms(e.styleAndLayoutStart || e.renderStart),
    // Where there are many, it is the long ones that matter.
    scripts: [...e.scripts].sort((a, b) => b.duration - a.duration).slice(0, 20).map((s) => [ms(s.startTime), ms(s.duration), ms(s.forcedStyleAndLayoutDuration)]),
    longest: longest && script(longest),
  });
});

watch(['mark', 'measure'], 100, (e) => told.marks.push({name: text(e.name), kind: e.entryType, start: ms(e.startTime), duration: ms(e.duration)}));

// The last moment in which a page that is left can tell anything. What the
// library reports in it comes first: it listened first.
function last() {
  for (const take of watchers) take();
  tell();
}
outrider.tell = last;
addEventListener('visibilitychange', last, true);
addEventListener('pagehide', last, true);

// When the last input came, and which one took the page so long that its paint
// is worth waiting for; and that of the last paint which the browser has told.
let input = 0;
let awaited = 0;
let seen = 0;
for (const type of ['pointerdown', 'click', 'keydown']) {
  addEventListener(type, (event) => { if (event.isTrusted) input = event.timeStamp }, true);
}
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) seen = Math.max(seen, e.startTime);
}).observe({type: 'event', durationThreshold: 48});

// Called after each step: how large the document is, and whether the paint that
// an input leads to has yet to be told. What is known by now is told.
outrider.measured = () => {
  last();
  const slow = input > 0 && performance.now() - input >= 50;
  if (slow) awaited = input;
  input = 0;
  return {elements: document.getElementsByTagName('*').length, slow};
};

// The library looks at inputs when the page is idle, once their paint is known.
const {painted} = outrider;
outrider.painted = async () => {
  await painted();
  for (let i = 0; i < 10 && seen < awaited - 1; i++) await frame();
  if (awaited) {
    const idle = () => new Promise((done) => requestIdleCallback(done, {timeout: 100}));
    await idle();
    await idle();
  }
  awaited = 0;
  last();
};
