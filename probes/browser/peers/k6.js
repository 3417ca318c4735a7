// The journey as a script for k6 does it: a browser of its own for each.
import {browser} from 'k6/browser';
import {Counter} from 'k6/metrics';

const {SHOP_URL, JOURNEYS, LANES} = __ENV;
const done = new Counter('done');

export const options = {
  scenarios: {
    journey: {
      executor: 'shared-iterations', iterations: Number(JOURNEYS), vus: Number(LANES), maxDuration: '10m',
      options: {browser: {type: 'chromium'}},
    },
  },
  thresholds: {done: [`count==${JOURNEYS}`]},
};

export default async function () {
  const context = await browser.newContext({viewport: {width: 1280, height: 800}});
  const page = await context.newPage();
  const follow = (target) => Promise.all([page.waitForNavigation(), target.click()]);
  try {
    await page.goto(`${SHOP_URL}/`);
    await follow(page.getByRole('link', {name: 'Mugs'}));
    await follow(page.getByRole('link', {name: 'Indigo Mug'}));
    await follow(page.getByRole('button', {name: 'Add to cart'}));
    await follow(page.getByRole('link', {name: 'Checkout'}));
    if (page.url().endsWith('/checkout')) done.add(1);
  } finally {
    await page.close();
  }
}
