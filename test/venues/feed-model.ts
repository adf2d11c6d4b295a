// What a feed is checked against: the truth of a few markets, a scripted exchange that tells it frame by frame, and a sink that
// fails the test when a quote is trusted that is not the truth of the last frame handed over.
import type { Clock } from '../../src/domain/clock.js';
import type { Ladder } from '../../src/domain/ladder.js';
import { PAYOUT_E4 } from '../../src/domain/units.js';
import type { SocketProtocol } from '../../src/net/ws-session.js';
import {
  type CountFeed,
  FEED_COUNTERS,
  type FeedCounter,
  type FeedSink,
  REASON_DISCONNECTED,
  REASON_TRUSTED,
  TRUST_REASONS,
} from '../../src/venues/feed.js';
import type { LivenessLimits } from '../../src/venues/liveness.js';

export const LIMITS: LivenessLimits = { maxSilenceMs: 1_500, maxLagMs: 500 };
const WALL_AT_START_MS = 1_790_000_000_000;
const VENUE_CLOCK_AHEAD_MS = 37;

export class SteppedClock implements Clock {
  #nowNs = 1_000_000_000;
  nowNs(): number {
    return this.#nowNs;
  }
  wallMs(): number {
    return WALL_AT_START_MS + Math.floor(this.#nowNs / 1e6);
  }
  advanceMs(ms: number): void {
    this.#nowNs += ms * 1e6;
  }
}

export type Side = 'yes' | 'no';

/** Bids for YES and bids for NO: an ask of one is a bid for the other at 1 - p. Prices in E4, sizes in 1/100. */
export interface TrueBook {
  readonly yes: Map<number, number>;
  readonly no: Map<number, number>;
}

export function copyBook({ yes, no }: TrueBook): TrueBook {
  return { yes: new Map(yes), no: new Map(no) };
}

/** Levels best first. */
export function levels(side: ReadonlyMap<number, number>): [number, number][] {
  return [...side].sort(([a], [b]) => b - a);
}

export function bestBid(side: ReadonlyMap<number, number>): number {
  return Math.max(0, ...side.keys());
}

/** A frame on its way to the feed, with the truth that it brings. */
export interface Sent {
  readonly data: Buffer;
  readonly market?: number;
  readonly book?: TrueBook;
  /** Best bids after the whole matching event that the frame is a part of. */
  readonly finalBest?: readonly [yes: number, no: number];
}

/** The exchange's end of one connection; it answers what the feed sends, as the reference says. */
export interface Peer {
  /** Frames not handed over yet. */
  readonly outbox: Sent[];
  opened(): void;
  heard(text: string): void;
  /** The truth changed at one price; 0 takes the level away. */
  change(market: number, side: Side, priceE4: number, sizeCenti: number): void;
}

export interface PeerOptions {
  readonly truth: readonly TrueBook[];
  venueMs(): number;
}

export interface FeedUnderTest {
  readonly name: string;
  createFeed(
    markets: number,
    sink: FeedSink,
    count: CountFeed,
    limits: LivenessLimits,
    clock: Clock,
  ): SocketProtocol;
  createPeer(options: PeerOptions): Peer;
}

interface Published {
  readonly yes: [number, number][];
  readonly no: [number, number][];
}

function copyLadder(ladder: Ladder): [number, number][] {
  const all: [number, number][] = [];
  for (let level = ladder.count - 1; level >= 0; level--) {
    all.push([ladder.pricesE4[level]!, ladder.sizesCenti[level]!]);
  }
  return all;
}

/** A feed, its peer and the truth, with the wire between them in the test's hands. */
export class FeedRig {
  readonly clock = new SteppedClock();
  readonly truth: readonly TrueBook[];
  readonly feed: SocketProtocol;
  readonly counts: Record<FeedCounter, number>;
  readonly commands: string[] = [];
  readonly #peerOf: () => Peer;
  peer: Peer;
  isConnected = false;
  /** Nothing may be trusted: frames are as old as they look. */
  isLate = false;
  /** The exchange's clock was set forward by so much. */
  aheadMs = 0;
  /** Books that were shown may have been old below their best prices: only these are compared. */
  isDepthStale = false;
  /** What the feed says waits on its way. */
  isDeaf = false;
  readonly #unheard: (() => void)[] = [];
  connectionReason: number = REASON_DISCONNECTED;
  /** Until when the feed lets its prices be bought on. */
  freshUntilNs = 0;
  /** Times that it let them again after it had not. */
  lapses = 0;
  readonly marketReasons: number[];
  readonly #published: (Published | undefined)[];
  readonly #told: (Sent | undefined)[];
  #inHand: Sent | undefined;
  connections = 0;
  readonly termsChanged: number[] = [];

  constructor(feed: FeedUnderTest, markets: number, limits = LIMITS) {
    this.truth = Array.from({ length: markets }, (_, market) => ({
      yes: new Map([[3_000 + market, 500]]),
      no: new Map([[4_000 + market, 700]]),
    }));
    this.counts = Object.fromEntries(FEED_COUNTERS.map((name) => [name, 0])) as Record<
      FeedCounter,
      number
    >;
    this.marketReasons = new Array<number>(markets).fill(0);
    this.#published = new Array(markets);
    this.#told = new Array(markets);
    const options = {
      truth: this.truth,
      venueMs: () => this.clock.wallMs() + VENUE_CLOCK_AHEAD_MS + this.aheadMs,
    };
    this.#peerOf = () => feed.createPeer(options);
    this.peer = this.#peerOf();
    const count = (name: FeedCounter) => {
      this.counts[name]++;
    };
    this.feed = feed.createFeed(markets, this.#sink(), count, limits, this.clock);
  }

  connect(): void {
    this.peer = this.#peerOf();
    this.peer.opened();
    this.isConnected = true;
    this.connections++;
    this.#published.fill(undefined);
    this.#told.fill(undefined);
    const { peer } = this;
    this.feed.opened((text) => {
      this.commands.push(text);
      this.#unheard.push(() => {
        if (this.isConnected && this.peer === peer) peer.heard(text);
      });
      this.#hear();
    }, this.clock.nowNs());
    this.check();
  }

  #hear(): void {
    if (!this.isDeaf) for (const hear of this.#unheard.splice(0)) hear();
  }

  disconnect(): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.feed.closed('test');
    this.check();
  }

  /** Hands over up to so many frames. */
  deliver(frames = Number.POSITIVE_INFINITY): void {
    this.#hear();
    for (let done = 0; done < frames && this.isConnected; done++) {
      const sent = this.peer.outbox.shift();
      if (sent === undefined) return;
      this.hand(sent);
    }
  }

  hand(sent: Sent): void {
    this.#inHand = sent;
    if (sent.market !== undefined && sent.book !== undefined) this.#told[sent.market] = sent;
    this.feed.frame(sent.data, this.clock.nowNs());
    this.#inHand = undefined;
    this.check();
  }

  handText(text: string): void {
    this.hand({ data: Buffer.from(text) });
  }

  /** Time passes in the session's own ticks; a connection that the feed gives up is made anew. Returns why it gave up. */
  pass(ms: number, reconnects = true): string | undefined {
    let why: string | undefined;
    for (let passed = 0; passed < ms; passed += 25) {
      this.clock.advanceMs(25);
      const giveUp = this.feed.tick(this.clock.nowNs());
      why ??= giveUp;
      this.check();
      if (giveUp === undefined || !reconnects) continue;
      this.disconnect();
      this.connect();
    }
    return why;
  }

  /** Until everything is told and mended, or the test fails by its own expectations. */
  settle(): void {
    if (!this.isConnected) this.connect();
    // Ten seconds; an answer that takes longer than 200 ms proves nothing.
    for (let round = 0; round < 100; round++) {
      this.deliver();
      this.pass(100);
    }
    this.deliver();
  }

  /** Hands over all there is; where a book alone is not believed, until it is: a few seconds of quiet. */
  believe(): void {
    this.deliver();
    for (let round = 0; round < 30 && this.trusted().includes(false); round++) {
      this.pass(100);
      this.deliver();
    }
  }

  isTrusted(market: number): boolean {
    return (
      this.connectionReason === REASON_TRUSTED && this.marketReasons[market] === REASON_TRUSTED
    );
  }

  trusted(): boolean[] {
    return this.truth.map((_, market) => this.isTrusted(market));
  }

  reasonOf(market: number): string | undefined {
    const reason =
      this.connectionReason === REASON_TRUSTED ? this.marketReasons[market] : this.connectionReason;
    return TRUST_REASONS[reason ?? 0];
  }

  /** What stands published, as bids: YES asks are bids for NO. */
  published(market: number): TrueBook | undefined {
    const published = this.#published[market];
    if (published === undefined) return undefined;
    return { yes: new Map(published.no), no: new Map(published.yes) };
  }

  /** The invariant: what is trusted is what the last frame handed over made true. */
  check(except?: number): void {
    for (let market = 0; market < this.truth.length; market++) {
      if (market === except || !this.isTrusted(market)) continue;
      if (!this.isConnected) throw new Error(`trusted without a connection: market=${market}`);
      if (this.isLate) throw new Error(`trusted on late frames: market=${market}`);
      const told = this.#told[market];
      const published = this.#published[market];
      if (told?.book === undefined || published === undefined) {
        throw new Error(`trusted before it was told: market=${market}`);
      }
      const expected = { yes: levels(told.book.no), no: levels(told.book.yes) };
      if (!this.isDepthStale && JSON.stringify(expected) !== JSON.stringify(published)) {
        const seen = JSON.stringify(published);
        throw new Error(
          `trusted but wrong: market=${market} truth=${JSON.stringify(expected)} published=${seen}`,
        );
      }
      const [yesBest, noBest] = told.finalBest ?? [bestBid(told.book.yes), bestBid(told.book.no)];
      if ((published.no[0]?.[0] ?? 0) !== yesBest || (published.yes[0]?.[0] ?? 0) !== noBest) {
        throw new Error(`trusted in the middle of an event: market=${market}`);
      }
      if (yesBest + noBest >= PAYOUT_E4) throw new Error(`trusted while crossed: market=${market}`);
    }
  }

  #sink(): FeedSink {
    return {
      publish: (market, yesAsks, noAsks) => {
        this.#published[market] = { yes: copyLadder(yesAsks), no: copyLadder(noAsks) };
      },
      setMarketTrust: (market, reason) => {
        this.marketReasons[market] = reason;
        if (reason === REASON_TRUSTED) this.check();
      },
      setConnectionTrust: (reason) => {
        this.connectionReason = reason;
        // The market that the frame is about has not been brought up to it yet; all others are as they will stay.
        if (reason === REASON_TRUSTED) this.check(this.#inHand?.market);
      },
      setFreshUntil: (untilNs, hadLapsed) => {
        this.freshUntilNs = untilNs;
        if (hadLapsed) this.lapses++;
      },
      termsChanged: (market: number) => {
        this.termsChanged.push(market);
      },
      ring: () => undefined,
    };
  }
}

/** Holds up what the exchange sends, in order; once it tells longer than a feed may be behind, nothing may be trusted. */
export class SlowPipe {
  delayMs = 0;
  readonly #rig: FeedRig;
  readonly #held: { readonly sent: Sent; readonly dueNs: number }[] = [];

  constructor(rig: FeedRig) {
    this.#rig = rig;
  }

  pass(ms: number): void {
    const rig = this.#rig;
    for (let passed = 0; passed < ms; passed += 25) {
      const { peer } = rig;
      const dueNs = rig.clock.nowNs() + this.delayMs * 1e6;
      for (const sent of peer.outbox.splice(0)) this.#held.push({ sent, dueNs });
      rig.pass(25);
      // A new connection waits for nothing of the old one.
      if (rig.peer !== peer) this.#held.length = 0;
      while (this.#held.length > 0 && this.#held[0]!.dueNs <= rig.clock.nowNs()) {
        rig.isLate = this.delayMs > LIMITS.maxLagMs;
        rig.hand(this.#held.shift()!.sent);
      }
    }
  }
}
