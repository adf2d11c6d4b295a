// A real browser, alone with its own profile; its absence is said loudly and fails where everything is required.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const PATH = '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function hasChromium(): boolean {
  if (existsSync(PATH)) return true;
  if (process.env.CI_REQUIRES_ALL !== undefined) throw new Error(`no browser: path=${PATH}`);
  console.warn(`SKIPPED: the page is not tested in a browser, there is none: path=${PATH}`);
  return false;
}

export interface Browser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

export async function startBrowser(): Promise<Browser> {
  const directory = mkdtempSync(join(tmpdir(), 'underround-chromium-'));
  const context = await chromium.launchPersistentContext(directory, {
    executablePath: PATH,
    headless: true,
    args: ARGUMENTS,
  });
  return {
    context,
    async close() {
      await context.close();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
