// The journey as a script for Playwright does it. With "serve" it keeps one
// browser and gives each journey a new context; it reads from its input how
// many journeys to do, and how many at once. Else it does one, in a browser of
// its own, and ends.
import {createInterface} from 'node:readline';
import {chromium} from 'playwright-core';

const [mode] = process.argv.slice(2);
const {SHOP_URL, CHROMIUM} = process.env;

const launch = () => chromium.launch({executablePath: CHROMIUM, chromiumSandbox: process.getuid() !== 0});

async function journey(browser) {
  const context = await browser.newContext({viewport: {width: 1280, height: 800}});
  const page = await context.newPage();
  const follow = (target, url) => Promise.all([page.waitForURL(url), target.click()]);
  await page.goto(`${SHOP_URL}/`);
  await follow(page.getByRole('link', {name: 'Mugs'}), '**/category/*');
  await follow(page.getByRole('link', {name: 'Indigo Mug'}), '**/products/*');
  await follow(page.getByRole('button', {name: 'Add to cart'}), '**/cart');
  await follow(page.getByRole('link', {name: 'Checkout'}), '**/checkout');
  await context.close();
}

const browser = await launch();
if (mode === 'serve') {
  for await (const line of createInterface({input: process.stdin})) {
    const [journeys, lanes] = line.split(' ').map(Number);
    let left = journeys;
    await Promise.all(Array.from({length: lanes}, async () => {
      while (left-- > 0) await journey(browser);
    }));
    console.log('done');
  }
} else {
  await journey(browser);
}
await browser.close();
