// What the page must do in a browser, whatever engine stands behind it: a stand-in or a real one.
import type { Page, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, hasChromium, startBrowser } from './chromium.js';

export interface PageEngine {
  /** Ends with a slash. */
  readonly url: string;
  readonly token: string;
  end(): Promise<void>;
}

const WAIT_MS = 20_000;
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
  { width: 360, height: 740 },
] as const;

/** A page with what it asked for, and what went wrong on it. */
interface Watched {
  readonly page: Page;
  readonly requests: string[];
  readonly problems: string[];
}

/** The engine needs at least one market, one limit and one line of log. */
export function describePage(name: string, start: () => Promise<PageEngine>): void {
  describe.skipIf(!hasChromium())(`the page of ${name}`, () => {
    let engine: PageEngine;
    let browser: Browser;
    const open: Page[] = [];

    beforeAll(async () => {
      engine = await start();
      browser = await startBrowser();
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((page) => page.close()));
    });
    afterAll(async () => {
      await browser?.close();
      await engine?.end();
    });

    async function visit(
      fragment: string,
      size: (typeof SIZES)[number] = SIZES[0],
    ): Promise<Watched> {
      const page = await browser.context.newPage();
      open.push(page);
      page.setDefaultTimeout(WAIT_MS);
      const watched: Watched = { page, requests: [], problems: [] };
      page.on('request', (request) => watched.requests.push(request.url()));
      page.on('websocket', (socket) => watched.requests.push(socket.url()));
      page.on('pageerror', (error) => watched.problems.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') watched.problems.push(message.text());
      });
      await page.setViewportSize(size);
      await page.goto(`${engine.url}${fragment}`);
      await page.locator('.panels').waitFor();
      return watched;
    }

    const withToken = (): string => `#token=${engine.token}`;

    /** Presses, and gives the answer of the one request that this makes. */
    async function answerTo(page: Page, press: () => Promise<void>): Promise<Response> {
      const answered = page.waitForResponse((response) => response.request().method() !== 'GET');
      await press();
      return await answered;
    }

    it('shows figures that move, asks nobody else, and has no errors', async () => {
      const { page, requests, problems } = await visit(withToken());
      const uptime = page.getByTestId('uptime');
      const before = await uptime.textContent();
      await expect.poll(() => uptime.textContent(), { timeout: WAIT_MS }).not.toBe(before);
      await expect.poll(() => page.locator('.market-row').count()).toBeGreaterThan(0);
      await expect.poll(() => page.title()).toContain('underround');
      const origin = new URL(engine.url).host;
      expect(requests.map((url) => new URL(url).host)).toEqual(requests.map(() => origin));
      expect(requests.some((url) => url.includes('/api/v1/stream'))).toBe(true);
      expect(problems).toEqual([]);
    });

    it('takes the token out of the address and keeps it for this tab only', async () => {
      const { page } = await visit(withToken());
      expect(page.url()).toBe(engine.url);
      expect(await page.evaluate('sessionStorage.getItem("underround-token")')).toBe(engine.token);
      expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(engine.token);
      expect(await page.content()).not.toContain(engine.token);
    });

    it('stops opening, resumes and kills, each by its own endpoint', async () => {
      const { page } = await visit(withToken());
      const state = page.locator('.state');
      const stop = await answerTo(page, () =>
        page.getByRole('button', { name: 'Stop opening' }).click(),
      );
      expect(requestLine(stop)).toBe('POST /api/v1/stop-opening');
      expect(stop.status()).toBe(200);
      await state.and(page.locator('[data-state="stop-opening"]')).waitFor();
      await page.locator('.banner').waitFor();

      await page.getByRole('button', { name: 'Resume…' }).click();
      const resume = await answerTo(page, () => confirmed(page, 'Resume'));
      expect(requestLine(resume)).toBe('POST /api/v1/resume');
      await state.and(page.locator('[data-state="armed"]')).waitFor();

      await page.getByRole('button', { name: 'Kill…' }).click();
      await page.locator('dialog input[name=why]').fill('a drill');
      const kill = await answerTo(page, () => confirmed(page, 'Kill'));
      expect(requestLine(kill)).toBe('POST /api/v1/kill');
      expect(kill.request().postDataJSON()).toEqual({ why: 'a drill' });
      await state.and(page.locator('[data-state="stop-everything"]')).waitFor();
      await page.locator('.banner', { hasText: 'a drill' }).waitFor();

      await page.getByRole('button', { name: 'Resume…' }).click();
      await answerTo(page, () => confirmed(page, 'Resume'));
      await state.and(page.locator('[data-state="armed"]')).waitFor();
    });

    it('does nothing when a kill is not confirmed', async () => {
      const { page, requests } = await visit(withToken());
      await page.getByRole('button', { name: 'Kill…' }).click();
      await page.locator('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
      expect(requests.filter((url) => url.includes('/kill'))).toEqual([]);
      expect(await page.locator('.state').getAttribute('data-state')).toBe('armed');
    });

    it('opens a market, freezes it and lets it go', async () => {
      const { page } = await visit(withToken());
      const row = page.locator('.market-row .row-button').first();
      await row.focus();
      await page.keyboard.press('Enter');
      await page.locator('.market-detail .ladder').first().waitFor();
      expect(await row.getAttribute('aria-expanded')).toBe('true');
      const detail = page.locator('.market-detail');
      const freeze = await answerTo(page, () =>
        detail.getByRole('button', { name: 'Freeze this market' }).click(),
      );
      expect(requestLine(freeze)).toMatch(/^POST \/api\/v1\/markets\/\d+\/freeze$/);
      expect(freeze.status()).toBe(200);
      const letGo = await answerTo(page, () =>
        detail.getByRole('button', { name: 'Unfreeze this market' }).click(),
      );
      expect(requestLine(letGo)).toMatch(/^POST \/api\/v1\/markets\/\d+\/unfreeze$/);
      await detail.getByRole('button', { name: 'Freeze this market' }).waitFor();
    });

    it('changes a limit to what it stands at, and the level of a part', async () => {
      const { page } = await visit(withToken());
      await page.locator('.limit').getByRole('button').first().click();
      const limit = await answerTo(page, () =>
        page.locator('.limit-form').getByRole('button', { name: 'Set' }).click(),
      );
      expect(requestLine(limit)).toMatch(/^PUT \/api\/v1\/limits\/\w+$/);
      expect(limit.status()).toBe(200);
      const level = await answerTo(page, () =>
        page.getByRole('button', { name: 'Set level' }).click(),
      );
      expect(requestLine(level)).toMatch(/^PUT \/api\/v1\/log-levels\/[\w-]+$/);
      expect(level.request().postDataJSON()).toEqual({ level: 'debug' });
      expect(level.status()).toBe(200);
    });

    it('does nothing without the token or with a wrong one, says so, and does it with the right one', async () => {
      const { page, requests } = await visit('');
      await page.getByRole('button', { name: 'Stop opening' }).click();
      const dialog = page.locator('dialog');
      await dialog.getByText('Token').waitFor();
      expect(requests.filter((url) => url.includes('stop-opening'))).toEqual([]);

      await dialog.locator('input[name=token]').fill('wrong');
      const refused = await answerTo(page, () => confirmed(page, 'Stop opening'));
      expect(refused.status()).toBe(401);
      await dialog.getByRole('alert').getByText('Refused, nothing was done').waitFor();
      expect(await page.locator('.state').getAttribute('data-state')).toBe('armed');

      await dialog.locator('input[name=token]').fill(engine.token);
      const done = await answerTo(page, () => confirmed(page, 'Stop opening'));
      expect(done.status()).toBe(200);
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Resume…' }).click();
      await answerTo(page, () => confirmed(page, 'Resume'));
    });

    it.each(SIZES)('fits $width x $height, light and dark', async (size) => {
      const { page, problems } = await visit(withToken(), size);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(overflow).toBe(0);
        for (const name of ['Stop opening', 'Kill…']) {
          expect(await page.getByRole('button', { name }).isVisible()).toBe(true);
        }
      }
      expect(problems).toEqual([]);
    });
  });
}

function requestLine(response: Response): string {
  const request = response.request();
  return `${request.method()} ${new URL(request.url()).pathname}`;
}

async function confirmed(page: Page, verb: string): Promise<void> {
  await page.locator('dialog').getByRole('button', { name: verb }).click();
}
