// What Lighthouse measures of a page, without throttling, as JSON: the address
// is the argument, the Chromium to use in the environment. page_* is what that
// page says of the same load itself: where it differs from Lighthouse's figure,
// so do the definitions; where it does not, the loads do.
import {launch} from 'chrome-launcher';
import lighthouse from 'lighthouse';
import puppeteer from 'puppeteer-core';

const chrome = await launch({
  chromePath: process.env.CHROMIUM,
  // As Outrider starts it, where that bears on how fast a page comes.
  chromeFlags: ['--headless', '--disable-gpu', '--hide-scrollbars', '--enable-features=NetworkServiceInProcess2', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])],
  logLevel: 'error',
});
try {
  const screen = {mobile: false, width: 1280, height: 800, deviceScaleFactor: 1, disabled: false};
  const browser = await puppeteer.connect({browserURL: `http://127.0.0.1:${chrome.port}`, defaultViewport: null});
  const page = await browser.newPage();
  const result = await lighthouse(process.argv[2], {
    port: chrome.port, output: 'json', logLevel: 'error',
    // Of the others some load the page a second time.
    onlyAudits: ['metrics', 'largest-contentful-paint', 'first-contentful-paint', 'cumulative-layout-shift', 'total-blocking-time', 'speed-index'],
    throttlingMethod: 'provided', formFactor: 'desktop', screenEmulation: screen,
    disableFullPageScreenshot: true,
  }, undefined, page);
  const own = await page.evaluate(async () => {
    const entries = (type) => new Promise((done) => {
      new PerformanceObserver((list) => done(list.getEntries())).observe({type, buffered: true});
      setTimeout(done, 1000, []);
    });
    const paints = await entries('largest-contentful-paint');
    return {
      page_ttfb_ms: performance.getEntriesByType('navigation')[0].responseStart,
      page_fcp_ms: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
      page_lcp_ms: paints.at(-1)?.startTime,
    };
  });
  const {runtimeError, audits} = result.lhr;
  if (runtimeError) throw new Error(runtimeError.message);
  const [observed] = audits.metrics.details.items;
  console.log(JSON.stringify({
    lcp_ms: audits['largest-contentful-paint'].numericValue,
    fcp_ms: audits['first-contentful-paint'].numericValue,
    cls: audits['cumulative-layout-shift'].numericValue,
    tbt_ms: audits['total-blocking-time'].numericValue,
    ttfb_ms: observed.timeToFirstByte,
    speed_index_ms: audits['speed-index'].numericValue,
    ...own,
  }));
  await browser.disconnect();
} finally {
  await chrome.kill();
}
