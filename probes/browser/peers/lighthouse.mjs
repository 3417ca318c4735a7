// What Lighthouse measures of a page, without throttling, as JSON: the address
// is the argument, the Chromium to use in the environment.
import {launch} from 'chrome-launcher';
import lighthouse from 'lighthouse';

const chrome = await launch({
  chromePath: process.env.CHROMIUM,
  chromeFlags: ['--headless', '--disable-gpu', '--hide-scrollbars', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])],
  logLevel: 'error',
});
try {
  const screen = {mobile: false, width: 1280, height: 800, deviceScaleFactor: 1, disabled: false};
  const result = await lighthouse(process.argv[2], {
    port: chrome.port, output: 'json', logLevel: 'error',
    onlyCategories: ['performance'], throttlingMethod: 'provided', formFactor: 'desktop', screenEmulation: screen,
    disableFullPageScreenshot: true,
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
  }));
} finally {
  await chrome.kill();
}
