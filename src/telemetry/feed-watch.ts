// Tells of feeds that are down for longer than a reconnect takes: one that blinks calls nobody. It looks at figures only.
import type { EngineEvent, EngineStatus, FeedStatus } from '../runtime/status.js';

export class FeedWatch {
  readonly #downMs: number;
  readonly #say: (event: EngineEvent) => void;
  readonly #downSinceMs = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(downMs: number, say: (event: EngineEvent) => void) {
    this.#downMs = downMs;
    this.#say = say;
  }

  look({ state, feeds }: EngineStatus, nowMs: number): void {
    if (state !== 'running' && state !== 'stopped') return;
    for (const [venue, feed] of Object.entries(feeds)) this.#lookAt(venue, feed, nowMs);
  }

  #lookAt(venue: string, feed: FeedStatus, nowMs: number): void {
    const why = downBecause(feed);
    if (why === undefined) {
      this.#downSinceMs.delete(venue);
      if (this.#told.delete(venue)) this.#say(up(venue));
      return;
    }
    const sinceMs = this.#downSinceMs.get(venue) ?? nowMs;
    this.#downSinceMs.set(venue, sinceMs);
    if (nowMs - sinceMs < this.#downMs || this.#told.has(venue)) return;
    this.#told.add(venue);
    const forMs = Math.round(nowMs - sinceMs);
    const text = `the feed of ${venue} is down: ${why}`;
    this.#say({ level: 'error', event: 'feed-down', text, facts: { venue, forMs } });
  }
}

function downBecause({ connected, connections, trustedMarkets, markets }: FeedStatus) {
  if (connected < connections) return `${connected} of ${connections} connections`;
  if (markets > 0 && trustedMarkets === 0) return 'no market is trusted';
  return undefined;
}

function up(venue: string): EngineEvent {
  const text = `the feed of ${venue} is up again`;
  return { level: 'info', event: 'feed-up', text, facts: { venue } };
}
