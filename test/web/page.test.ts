// The page in a browser, before a stand-in that can do what a real engine should not: die, guard its reads, say LIVE.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, hasChromium, startBrowser } from './chromium.js';
import { describePage } from './describe-page.js';
import { type StandIn, startStandIn } from './stand-in-server.js';

describePage('the stand-in', () => startStandIn({ markets: 2_000 }));

describe.skipIf(!hasChromium())('the page, when things go wrong', () => {
  let browser: Browser;
  const started: StandIn[] = [];
  const standIn = async (options: Parameters<typeof startStandIn>[0]): Promise<StandIn> => {
    const made = await startStandIn({ markets: 20, ...options });
    started.push(made);
    return made;
  };

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(started.map((each) => each.end()));
  });

  it('says loudly that its data are old, and goes on by itself when the engine is back', async () => {
    const engine = await standIn({});
    const page = await browser.context.newPage();
    await page.goto(engine.url);
    await page.locator('.panels').waitFor();
    engine.setDead(true);
    await page.getByTestId('stale').getByText('Old data.').waitFor();
    expect(await page.locator('.state').textContent()).toBe('No news');
    engine.setDead(false);
    await page.getByTestId('stale').waitFor({ state: 'detached' });
    expect(await page.locator('.state').textContent()).toBe('Running');
    await page.close();
  });

  it('asks for the token where reads need it', async () => {
    const engine = await standIn({ isGuarded: true });
    const page = await browser.context.newPage();
    await page.goto(engine.url);
    await page.locator('input[name=token]').fill(engine.token);
    await page.getByRole('button', { name: 'Look' }).click();
    await page.locator('.panels').waitFor();
    await page.close();
  });

  it('cannot be taken for play money when it is real', async () => {
    const engine = await standIn({ profile: 'live' });
    const page = await browser.context.newPage();
    await page.goto(engine.url);
    await page.locator('.top.real-money .badge').getByText('LIVE').waitFor();
    expect(await page.title()).toContain('live');
    await page.close();
  });

  it('says what to do where scripts are off', async () => {
    const engine = await standIn({});
    const page = await browser.context.newPage();
    const response = await page.request.get(engine.url);
    expect(await response.text()).toContain('underround stop-opening');
    await page.close();
  });
});
