// Looks at the feeds: how long one market of each exchange takes from nothing to a book that can be traded on, by the feed that the
// engine uses.
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../domain/clock.js';
import type { EngineConfig } from '../../runtime/engine-config.js';
import { MarketMonitor, type MonitorStatus } from '../../runtime/market-monitor.js';
import type { Watch } from '../../runtime/watched-feeds.js';
import { REASON_TRUSTED, TRUST_REASONS } from '../../venues/feed.js';
import { bad, good, type Look, type Told } from './finding.js';

/** Less than the look's own deadline, so that it can say what was missing. */
const TRUST_DEADLINE_MS = 9_000;
const LOOK_DEADLINE_MS = 10_000;
const LOOK_EVERY_MS = 10;
const TRUSTED = TRUST_REASONS[REASON_TRUSTED];
const LEVELS = 1;

export function firstBook(
  name: string,
  market: string,
  watch: Watch,
  limits: EngineConfig,
  clock: Clock,
): Look<true> {
  return {
    name,
    deadlineMs: LOOK_DEADLINE_MS,
    advice:
      'look at the address of the WebSocket and at the key: underround monitor shows each frame',
    look: () => watched(market, watch, limits, clock),
  };
}

async function watched(
  market: string,
  watch: Watch,
  limits: EngineConfig,
  clock: Clock,
): Promise<Told<true>> {
  const monitor = new MarketMonitor({ watch, limits, clock, frame: () => undefined });
  try {
    for (;;) {
      const status = monitor.status(LEVELS);
      if (status.trust === TRUSTED) return trustedTold(market, status);
      if (isRefused(status) || status.elapsedMs > TRUST_DEADLINE_MS)
        return untrustedTold(market, status);
      await pause(LOOK_EVERY_MS);
    }
  } finally {
    monitor.close();
  }
}

function trustedTold(market: string, { elapsedMs, frames }: MonitorStatus): Told<true> {
  return good(
    `${market}: first trusted book after ${Math.round(elapsedMs)} ms, ${frames.count} frames`,
    true,
  );
}

/** Asked again with the same key, it would be refused again. */
function isRefused({ down }: MonitorStatus): boolean {
  return /\b40[13]\b/.test(down?.why ?? '');
}

function untrustedTold(market: string, status: MonitorStatus): Told<true> {
  const { down, trust, frames, elapsedMs } = status;
  const why = down === undefined ? trust : `no connection: ${down.why}`;
  const text = `${market}: no trusted book in ${Math.round(elapsedMs)} ms, ${frames.count} frames, ${why}`;
  if (isRefused(status)) {
    return bad(text, 'the key was refused: look at your API keys on the exchange');
  }
  if (down !== undefined)
    return bad(text, 'look at the address of the WebSocket and at the network');
  return bad(text, 'look at the market: it may be closed, or quiet; give another pair first');
}
