// Reports every change of each Web Vital through the binding, so that nothing
// has to be asked for when a page is left. Runs right behind web-vitals.iife.js,
// in its scope.
for (const on of ['onCLS', 'onFCP', 'onINP', 'onLCP', 'onTTFB']) {
  webVitals[on](
    (metric) => {
      // When the interaction happened that INP tells of, as a time of day.
      const last = metric.entries[metric.entries.length - 1];
      const at = performance.timeOrigin + (last ? last.startTime : 0);
      globalThis.outriderVital(JSON.stringify({name: metric.name, value: metric.value, at}));
    },
    // INP of every interaction, not only of slow ones.
    {reportAllChanges: true, durationThreshold: 16},
  );
}
