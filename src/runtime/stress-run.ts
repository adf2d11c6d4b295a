// Bursts of one read against an exchange's rate limits, through the guards that the engine's own calls go through, with a count of
// everything that they do. It must not know the exchange, and it makes no call that changes anything.
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Clock } from '../domain/clock.js';
import { KALSHI } from '../domain/venue.js';
import {
  BREAKER_RULE,
  type Breaker,
  type BreakerState,
  sharedBreaker,
} from '../net/circuit-breaker.js';
import { type RestCall, RestClient, RestError } from '../net/rest-client.js';
import { type BucketLimits, TokenBucket } from '../net/token-bucket.js';
import { VenueTable } from '../shm/venue-table.js';
import { type Percentiles, RecentFigures } from './recent-figures.js';

/** A burst is all under way at once: each call is a promise and a timer. */
export const MAX_BURST = 10_000;
/** Reasons of failures that are told apart; a message names what was asked, so there could be many. */
const MAX_REASONS = 20;

export interface StressTarget {
  readonly baseUrl: string;
  /** Changes nothing there. `cost` in tokens of the exchange's limit. */
  readonly call: RestCall & { readonly method: 'GET'; readonly cost: number };
  readonly timeoutMs: number;
  /** Our own count of the exchange's limit; undefined sends without pacing. */
  readonly limits: BucketLimits | undefined;
  /** Tokens that were spent on the way here: asking for the limits costs some. */
  readonly spent: number;
}

export interface StressStatus {
  readonly elapsedMs: number;
  readonly rounds: number;
  /** Calls begun, answered well, and failed by reason. */
  readonly asked: number;
  readonly answered: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Requests that went out: a call that met a 429 makes several. */
  readonly sent: number;
  readonly tooMany: number;
  /** Waits for our own tokens. */
  readonly paced: { readonly count: number; readonly totalMs: number };
  /** Waits after a 429, by their length in milliseconds. */
  readonly backOffs: Readonly<Record<number, number>>;
  readonly waiting: number;
  /** What is left of our own count of the limit; undefined without pacing. */
  readonly tokens: { readonly left: number; readonly capacity: number } | undefined;
  readonly breaker: BreakerState;
  readonly openings: number;
  /** From a request to its reply, without the waits. */
  readonly latencyNs: Percentiles | undefined;
}

/** Something to sleep with: tests do not wait for 64 seconds. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export class StressRun {
  readonly #target: StressTarget;
  readonly #clock: Clock;
  readonly #rest: RestClient;
  readonly #bucket: TokenBucket | undefined;
  readonly #breaker: Breaker;
  readonly #venues = new VenueTable(new SharedArrayBuffer(VenueTable.bytes(1)), BREAKER_RULE);
  readonly #latencyNs = new RecentFigures();
  readonly #failures = new Map<string, number>();
  readonly #backOffs = new Map<number, number>();
  readonly #ending = new AbortController();
  readonly #startedNs: number;
  #rounds = 0;
  #asked = 0;
  #answered = 0;
  #sent = 0;
  #tooMany = 0;
  #pacedCount = 0;
  #pacedMs = 0;
  #waiting = 0;
  /** Set between the guard's word that a call backs off and the sleep that follows it at once. */
  #isBackingOff = false;

  constructor(target: StressTarget, clock: Clock, sleep: Sleep = sleepUnlessEnded) {
    this.#target = target;
    this.#clock = clock;
    this.#startedNs = clock.nowNs();
    this.#bucket = target.limits === undefined ? undefined : new TokenBucket(target.limits, clock);
    this.#bucket?.take(target.spent);
    // Every call that waits listens to the end.
    setMaxListeners(0, this.#ending.signal);
    this.#breaker = sharedBreaker(this.#venues, KALSHI, clock);
    this.#rest = new RestClient(target.baseUrl, target.timeoutMs, {
      breaker: this.#breaker,
      reads: this.#bucket,
      backedOff: (_status, waitMs) => {
        this.#tooMany++;
        this.#isBackingOff = true;
        this.#backOffs.set(waitMs, (this.#backOffs.get(waitMs) ?? 0) + 1);
      },
      sleep: (ms) => this.#sleep(ms, sleep),
    });
  }

  /** Makes the calls of one round at once; resolves when each has its answer, or none. */
  async burst(calls: number): Promise<void> {
    this.#rounds++;
    await Promise.all(Array.from({ length: calls }, () => this.#ask()));
  }

  status(): StressStatus {
    const { limits } = this.#target;
    return {
      elapsedMs: (this.#clock.nowNs() - this.#startedNs) / 1e6,
      rounds: this.#rounds,
      asked: this.#asked,
      answered: this.#answered,
      failures: Object.fromEntries(this.#failures),
      sent: this.#sent,
      tooMany: this.#tooMany,
      paced: { count: this.#pacedCount, totalMs: this.#pacedMs },
      backOffs: Object.fromEntries(this.#backOffs),
      waiting: this.#waiting,
      tokens:
        limits === undefined
          ? undefined
          : { left: this.#tokensLeft(limits), capacity: limits.capacity },
      breaker: this.#breaker.state,
      openings: this.#venues.openings(KALSHI),
      latencyNs: this.#latencyNs.percentiles(),
    };
  }

  /** Calls that wait fail now; those on the wire are cut. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#rest.close();
  }

  async #ask(): Promise<void> {
    const { call } = this.#target;
    let sentNs = 0;
    this.#asked++;
    // Asked for just before each attempt.
    const headers = () => {
      const made = call.headers?.() ?? {};
      this.#sent++;
      sentNs = this.#clock.nowNs();
      return made;
    };
    try {
      await this.#rest.call({ ...call, headers }, z.unknown());
      this.#answered++;
      this.#latencyNs.add(this.#clock.nowNs() - sentNs);
    } catch (error) {
      const reason = this.#ending.signal.aborted ? 'ended before its answer' : reasonOf(error);
      if (error instanceof RestError && error.status === 429) this.#tooMany++;
      const kept = this.#failures.size < MAX_REASONS || this.#failures.has(reason);
      const key = kept ? reason : 'other';
      this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
    }
  }

  async #sleep(ms: number, sleep: Sleep): Promise<void> {
    if (!this.#isBackingOff) {
      this.#pacedCount++;
      this.#pacedMs += ms;
    }
    this.#isBackingOff = false;
    this.#waiting++;
    try {
      await sleep(ms, this.#ending.signal);
    } finally {
      this.#waiting--;
    }
  }

  /** The bucket only says how long it takes until it is full again. */
  #tokensLeft({ capacity, perSecond }: BucketLimits): number {
    const missing = ((this.#bucket?.waitMs(capacity) ?? 0) * perSecond) / 1_000;
    return Math.max(0, Math.round(capacity - missing));
  }
}

/** Rejects when the run ends first. */
async function sleepUnlessEnded(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal });
}

/** Without what was asked for: that is the same for all. */
function reasonOf(error: unknown): string {
  if (!(error instanceof RestError)) return String(error);
  if (error.status !== undefined) return `status ${error.status}`;
  const why = /\bwhy=(.*)$/.exec(error.message)?.[1];
  return why ?? error.message.split(':')[0] ?? error.message;
}
