// Simulated exchanges that somebody else has started and will end: found by the file with what they said when they were ready. They are
// used and watched here, never started and never ended.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningExchange } from './exchange-process.js';
import { exchangeQuestions } from './exchange-questions.js';
import { type ReadyLine, readyLineSchema } from './exchange-replies.js';
import { UsageError } from './exit-codes.js';

/** They may have been started a moment before us: the file is there, and its line is not yet. */
const READY_DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 50;
/** How often, and for how long at most, they are asked whether they are still there. */
const WATCH_MS = 1_000;
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * Throws UsageError for a file that is not what `underround sim` printed, or that names another machine; rejects when nobody answers
 * at its addresses any more.
 */
export async function attachExchanges(
  path: string,
  cancelled: AbortSignal,
): Promise<RunningExchange> {
  const ready = readReady(path, await firstLine(path, cancelled));
  const { controlUrl } = ready;
  if (await isGone(controlUrl)) {
    throw new Error(
      `the simulated exchanges have ended: file=${path} controlUrl=${controlUrl} ` +
        'do="start them anew: underround sim > FILE"',
    );
  }
  let watch: NodeJS.Timeout | undefined;
  const died = new Promise<string>((resolve) => {
    watch = setInterval(() => {
      void isGone(controlUrl).then((gone) => {
        if (gone) resolve(`nobody answers at ${controlUrl}`);
      });
    }, WATCH_MS).unref();
  });
  return {
    ...exchangeQuestions(controlUrl),
    ready,
    died,
    end: async () => clearInterval(watch),
  };
}

async function firstLine(path: string, cancelled: AbortSignal): Promise<string> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    const [line, ...rest] = readText(path).split('\n');
    if (line !== undefined && rest.length > 0) return line;
    if (performance.now() > deadline) {
      throw new Error(`simulated exchanges are not ready: file=${path} ms=${READY_DEADLINE_MS}`);
    }
    await pause(LOOK_EVERY_MS, undefined, { signal: cancelled });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new UsageError(
      `cannot attach: file=${path} reason=${code}; it holds what \`underround sim > FILE\` printed`,
    );
  }
}

/** Play money stays on this machine, whatever the file says. */
function readReady(path: string, line: string): ReadyLine {
  const ready = readyLineSchema.safeParse(parse(line));
  if (!ready.success) {
    throw new UsageError(`cannot attach: file=${path} is not a ready line: ${line.slice(0, 200)}`);
  }
  const { kalshi, polymarket, controlUrl } = ready.data;
  const urls = [kalshi.restUrl, kalshi.wsUrl, polymarket.restUrl, polymarket.wsUrl, controlUrl];
  for (const url of urls) {
    if (URL.canParse(url) && LOOPBACK.has(new URL(url).hostname)) continue;
    throw new UsageError(`cannot attach: file=${path} url=${url} is not of this machine`);
  }
  return ready.data;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** True when nobody listens there. A slow answer is not a death: they may be busy, or stopped for a while. */
async function isGone(controlUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${controlUrl}/state`, { signal: AbortSignal.timeout(WATCH_MS) });
    await response.body?.cancel();
    return false;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
  }
}
