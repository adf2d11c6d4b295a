// Takes the pictures of the page that the README shows, of a run of some minutes, into the directory that UNDERROUND_TEST_PICTURES names
// (npm run pictures: docs/img).
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startBrowser } from '../web/chromium.js';
import { startControlled } from './controlled-run.js';

const DIRECTORY = process.env.UNDERROUND_TEST_PICTURES;
/** Long enough for curves. */
const RUN_MS = 180_000;
const SIZES = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
} as const;
const COLOURS = ['light', 'dark'] as const;

it.runIf(DIRECTORY !== undefined)(
  'the page has its picture taken',
  async () => {
    const run = await startControlled(['--seed', '7', '--markets', '60']);
    const browser = await startBrowser();
    try {
      const page = await browser.context.newPage();
      await page.goto(`${run.url}/#token=${run.token}`);
      await pause(RUN_MS);
      for (const [name, size] of Object.entries(SIZES)) {
        await page.setViewportSize(size);
        for (const colorScheme of COLOURS) {
          await page.emulateMedia({ colorScheme });
          await page.evaluate('scrollTo(0, 0)');
          await pause(1_000);
          await page.screenshot({ path: join(DIRECTORY ?? '', `page-${name}-${colorScheme}.png`) });
        }
      }
      await page.setViewportSize(SIZES.desktop);
      const waterfall = page.locator('#waterfall');
      await waterfall.scrollIntoViewIfNeeded();
      await pause(1_000);
      await waterfall.screenshot({ path: join(DIRECTORY ?? '', 'waterfall-dark.png') });
      expect(await page.locator('.banner').count()).toBe(0);
    } finally {
      await browser.close();
      await run.end();
    }
  },
  RUN_MS + 60_000,
);
