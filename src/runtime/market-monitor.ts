// One market of one exchange under watch: what its feed says, whether it can be trusted and why not, and how long everything takes. It
// must not know the engine, and it never sends an order.
import type { Clock } from '../domain/clock.js';
import type { Ladder } from '../domain/ladder.js';
import { PAYOUT_E4 } from '../domain/units.js';
import {
  FEED_COUNTERS,
  type FeedCounter,
  type FeedSink,
  REASON_DISCONNECTED,
  REASON_NO_SNAPSHOT,
  REASON_OWN_UNDERROUND,
  REASON_TERMS_CHANGED,
  REASON_TRUSTED,
  TRUST_REASONS,
} from '../venues/feed.js';
import type { LivenessLimits } from '../venues/liveness.js';
import { EventRates, type KindCount } from './event-rates.js';
import { type Percentiles, RecentFigures } from './recent-figures.js';
import { type FeedEar, type Watch, watchFeeds } from './watched-feeds.js';

/** Of the last frame. */
const SHOWN_FRAME_CHARS = 2_000;
const UPDATES = 'updates';

export interface BookLevel {
  /** Of YES. */
  readonly priceE4: number;
  readonly sizeCenti: number;
}

export interface MonitorStatus {
  readonly elapsedMs: number;
  readonly isConnected: boolean;
  /** Why there is no connection, and when the next attempt comes. */
  readonly down: { readonly why: string; readonly retryMs: number } | undefined;
  /** One of TRUST_REASONS, and for how long it has been so. */
  readonly trust: string;
  readonly trustMs: number;
  readonly frames: KindCount;
  readonly kinds: Readonly<Record<string, KindCount>>;
  /** Changes of the book. */
  readonly updates: KindCount;
  /** Best first. */
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
  readonly levels: { readonly bids: number; readonly asks: number };
  /** undefined while a side is empty. */
  readonly spreadE4: number | undefined;
  /** From a frame's receipt to the book being published. */
  readonly handlingNs: Percentiles | undefined;
  /**
   * Our wall clock at the receipt less the exchange's stamp: the way and the difference of the two clocks in one. Below zero, the
   * exchange's clock is ahead of ours.
   */
  readonly lagMs: Percentiles | undefined;
  readonly counters: Readonly<Record<FeedCounter, number>>;
  readonly lastFrame: string;
}

export interface MonitorOptions {
  /** Of one market. */
  readonly watch: Watch;
  readonly limits: LivenessLimits;
  readonly clock: Clock;
  /** Told of each frame as it came. */
  frame(text: string): void;
}

export class MarketMonitor {
  readonly #options: MonitorOptions;
  readonly #stop: () => void;
  readonly #startedNs: number;
  readonly #kinds: EventRates;
  readonly #handlingNs = new RecentFigures();
  readonly #lagMs = new RecentFigures();
  readonly #counters = new Map<FeedCounter, number>(FEED_COUNTERS.map((name) => [name, 0]));
  #isConnected = false;
  #down: MonitorStatus['down'];
  #connectionReason = REASON_DISCONNECTED;
  #marketReason = REASON_NO_SNAPSHOT;
  #reason = REASON_DISCONNECTED;
  #reasonNs: number;
  /** The feed's own: read when somebody looks. */
  #yesAsks: Ladder | undefined;
  #noAsks: Ladder | undefined;
  #lastFrame: Buffer = Buffer.alloc(0);

  /** Connects at once; throws when the key file cannot be read. */
  constructor(options: MonitorOptions) {
    this.#options = options;
    const { watch, limits, clock } = options;
    this.#startedNs = clock.nowNs();
    this.#reasonNs = this.#startedNs;
    this.#kinds = new EventRates(this.#startedNs);
    this.#stop = watchFeeds(watch, {
      ear: this.#ear(),
      sink: this.#sink(),
      count: (name) => this.#counters.set(name, (this.#counters.get(name) ?? 0) + 1),
      limits,
      clock,
    });
  }

  /** `depth` levels of each side. Rates are over the last two seconds or so, as long as this is called that often. */
  status(depth: number): MonitorStatus {
    const nowNs = this.#options.clock.nowNs();
    this.#kinds.sample(nowNs);
    const bids = levelsOf(this.#noAsks, depth, (priceE4) => priceE4);
    const asks = levelsOf(this.#yesAsks, depth, (priceE4) => PAYOUT_E4 - priceE4);
    const kinds = this.#kinds.counts();
    const { frames = NONE, [UPDATES]: updates = NONE, ...byKind } = kinds;
    const [bid, ask] = [bids[0], asks[0]];
    const spreadE4 = bid === undefined || ask === undefined ? undefined : ask.priceE4 - bid.priceE4;
    // Both outcomes for less than $1 on one exchange cannot be on a book that is right: the engine's publisher says so too.
    const isUnderround = this.#reason === REASON_TRUSTED && (spreadE4 ?? 0) < 0;
    const reason = isUnderround ? REASON_OWN_UNDERROUND : this.#reason;
    return {
      elapsedMs: (nowNs - this.#startedNs) / 1e6,
      isConnected: this.#isConnected,
      down: this.#down,
      trust: TRUST_REASONS[reason] ?? String(reason),
      trustMs: (nowNs - this.#reasonNs) / 1e6,
      frames,
      kinds: byKind,
      updates,
      bids,
      asks,
      levels: { bids: this.#noAsks?.count ?? 0, asks: this.#yesAsks?.count ?? 0 },
      spreadE4,
      handlingNs: this.#handlingNs.percentiles(),
      lagMs: this.#lagMs.percentiles(),
      counters: Object.fromEntries(this.#counters) as Record<FeedCounter, number>,
      lastFrame: this.#lastFrame.toString('utf8', 0, SHOWN_FRAME_CHARS).trim(),
    };
  }

  close(): void {
    this.#stop();
  }

  #ear(): FeedEar {
    return {
      opened: () => {
        this.#isConnected = true;
        this.#down = undefined;
      },
      frame: () => undefined,
      // After the feed: what is counted here must not show in its times.
      taken: (_connection, data) => this.#taken(data),
      closed: () => {
        this.#isConnected = false;
      },
      down: (_connection, why, retryMs) => {
        this.#down = { why, retryMs };
      },
    };
  }

  #taken(data: Buffer): void {
    this.#lastFrame = data;
    this.#kinds.add('frames');
    const text = data.toString('utf8');
    for (const kind of kindsOf(text)) this.#kinds.add(kind);
    this.#options.frame(text);
  }

  #sink(): FeedSink {
    const { clock } = this.#options;
    return {
      publish: (_market, yesAsks, noAsks, receiveNs, venueMs) => {
        this.#yesAsks = yesAsks;
        this.#noAsks = noAsks;
        const nowNs = clock.nowNs();
        this.#handlingNs.add(nowNs - receiveNs);
        if (venueMs > 0) this.#lagMs.add(clock.wallMs() - (nowNs - receiveNs) / 1e6 - venueMs);
        this.#kinds.add(UPDATES);
      },
      setMarketTrust: (_market, reason) => {
        this.#marketReason = reason;
        this.#judge();
      },
      setConnectionTrust: (reason) => {
        this.#connectionReason = reason;
        this.#judge();
      },
      setFreshUntil: () => undefined,
      termsChanged: () => {
        this.#marketReason = REASON_TERMS_CHANGED;
        this.#judge();
      },
      ring: () => undefined,
    };
  }

  /** The connection's reason overrules the market's. */
  #judge(): void {
    const isOwn = this.#connectionReason === REASON_TRUSTED;
    const reason = isOwn ? this.#marketReason : this.#connectionReason;
    if (reason === this.#reason) return;
    this.#reason = reason;
    this.#reasonNs = this.#options.clock.nowNs();
  }
}

const NONE: KindCount = { count: 0, perSecond: 0 };

/** Ladders hold bids, the best last: `toYes` makes the price one of YES. */
function levelsOf(
  ladder: Ladder | undefined,
  depth: number,
  toYes: (priceE4: number) => number,
): BookLevel[] {
  if (ladder === undefined) return [];
  const shown = Math.min(depth, ladder.count);
  return Array.from({ length: shown }, (_, place) => {
    const index = ladder.count - 1 - place;
    return { priceE4: toYes(ladder.pricesE4[index]!), sizeCenti: ladder.sizesCenti[index]! };
  });
}

/** Kalshi says `type`, Polymarket `event_type`; a frame of Polymarket may hold several events, or plain text. */
function kindsOf(text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [text === 'PONG' || text === 'NO NEW ASSETS' ? text : 'not JSON'];
  }
  const events: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (events.length === 0) return ['empty list'];
  return events.map((event) => {
    const { type, event_type: eventType } = (event ?? {}) as Readonly<Record<string, unknown>>;
    const kind = eventType ?? type;
    return typeof kind === 'string' ? kind : 'without a type';
  });
}
