// An engine that is not there: believable figures that move, by a seed, and that obey the page's controls.
import type { LogLine, StatusReply, StreamFrame } from '../../src/control/contract.js';
import { VENUE_NAMES, type VenueName } from '../../src/domain/venue.js';
import { type FeedStatus, type LatencyNs, NO_FEED, STAGES } from '../../src/runtime/status.js';
import type {
  ArbView,
  BookView,
  CapitalView,
  HistoryPoint,
  LegView,
  LevelView,
  LimitView,
  MarketView,
  MissedView,
  PositionView,
} from '../../src/runtime/views.js';

const TOPICS = [
  'fed-cut',
  'btc-above',
  'senate',
  'cpi',
  'nba-final',
  'rain-nyc',
  'eth-above',
  'gdp',
];
const WHYS = [
  ['resyncing'],
  ['settlement-near'],
  ['stale', 'resyncing'],
  ['terms-changed'],
  ['resting'],
];
const MISSED = ['stale', 'in-flight', 'below-minimum', 'none-filled', 'balance', 'naked', 'held'];
const PARTS = ['feed-kalshi', 'feed-polymarket', 'detector', 'executor', 'journal', 'supervisor'];
const STAGE_NS = [9e3, 7e4, 1.4e5, 5e5, 8e5, 6e4, 3.6e6];
const DAY_MS = 86_400_000;

export interface WorldOptions {
  readonly seed: number;
  readonly markets: number;
  readonly profile: string;
}

/** Deterministic but for the wall clock. */
export class StandInWorld {
  readonly #random: () => number;
  readonly #options: WorldOptions;
  readonly #startedAtMs = Date.now() - 3_723_000;
  #uptimeMs = 3_723_000;
  #frames = { kalshi: 2_345_678, polymarket: 1_234_567 };
  #kill: StatusReply['status']['kill'] = 'armed';
  #stopped: StatusReply['stopped'];
  #fired = 412;
  #lockedMicros = 61_230_000;
  #realisedMicros = 18_500_000;
  #nakedMicros = 3_210_000;
  readonly markets: MarketView[] = [];
  readonly arbs: ArbView[] = [];
  readonly missed: MissedView[];
  readonly history: HistoryPoint[] = [];
  readonly logs: LogLine[] = [];
  readonly limits: LimitView[];
  readonly logLevels = new Map<string, string>();

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = randomFrom(options.seed);
    for (let market = 0; market < options.markets; market++)
      this.markets.push(this.#market(market));
    this.missed = MISSED.map((reason, index) => ({
      reason,
      count: Math.ceil(180 / (index + 1) ** 1.4),
      netMicros: Math.round(43_000_000 / (index + 1) ** 1.7),
    }));
    this.limits = limitsAtFirst();
    for (let index = 0; index < 40; index++) this.#fire(Date.now() - (40 - index) * 9_000);
    for (let back = 600; back > 0; back--)
      this.history.push(this.#point(this.#nowMs() - back * 5_000, back));
    for (const part of PARTS) this.log('info', part, 'started', 'ready');
    this.log('warn', 'feed-polymarket', 'feed-down', 'silent for 1,612 ms, connection made anew');
    this.log('error', 'executor', 'order-unknown', 'no reply to k-81f3 within 5,000 ms, looked up');
    this.#told = { historyMs: this.history.at(-1)?.atMs ?? 0, logId: this.logs.at(-1)?.id ?? 0 };
  }

  /** Moves with the steps alone, so that no two points share a moment. */
  #nowMs(): number {
    return this.#startedAtMs + this.#uptimeMs;
  }

  whole(): StreamFrame {
    return {
      isWhole: true,
      ...this.#always(),
      markets: this.markets,
      arbs: this.arbs,
      history: this.history,
      logs: this.logs,
    };
  }

  /** A quarter of a second goes by; what it changed. */
  step(): StreamFrame {
    this.#uptimeMs += 250;
    this.#frames.kalshi += 150 + Math.floor(this.#random() * 60);
    this.#frames.polymarket += 110 + Math.floor(this.#random() * 40);
    const markets = this.#moveMarkets();
    const told = this.#told;
    const arbs = this.#kill === 'armed' && this.#random() < 0.25 ? [this.#fire(Date.now())] : [];
    if (this.#uptimeMs % 1_000 === 0) this.history.push(this.#point(this.#nowMs(), 0));
    this.#told = { historyMs: this.history.at(-1)?.atMs ?? 0, logId: this.logs.at(-1)?.id ?? 0 };
    return {
      isWhole: false,
      ...this.#always(),
      markets,
      arbs,
      history: this.history.filter((point) => point.atMs > told.historyMs),
      logs: this.logs.filter((line) => line.id > told.logId),
    };
  }

  setKill(kill: StatusReply['status']['kill'], why: string): void {
    this.#kill = kill;
    this.#stopped = kill === 'armed' ? undefined : { why, by: 'page', atMs: Date.now() };
    this.log(kill === 'armed' ? 'info' : 'error', 'supervisor', kill, why);
  }

  setFrozen(market: number, isFrozen: boolean): MarketView | undefined {
    const view = this.markets[market];
    if (view === undefined) return undefined;
    const blocked = view.blocked.filter((why) => why !== 'frozen');
    const after = { ...view, isFrozen, blocked: isFrozen ? ['frozen', ...blocked] : blocked };
    this.markets[market] = after;
    this.#dirty.add(market);
    return after;
  }

  setLimit(name: string, value: number): LimitView | undefined {
    const index = this.limits.findIndex((limit) => limit.name === name);
    const limit = this.limits[index];
    if (limit === undefined) return undefined;
    const after = { ...limit, value };
    this.limits[index] = after;
    return after;
  }

  log(level: LogLine['level'], part: string, event: string, text: string): void {
    const id = (this.logs.at(-1)?.id ?? 0) + 1;
    this.logs.push({ id, atMs: Date.now(), level, part, event, text });
  }

  readonly #dirty = new Set<number>();
  /** The newest that the last step told of; who has just come may hear a line twice. */
  #told = { historyMs: 0, logId: 0 };

  #moveMarkets(): MarketView[] {
    const count = Math.max(1, Math.round(this.markets.length / 30));
    for (let each = 0; each < count; each++) {
      const index = Math.floor(this.#random() * this.markets.length);
      const old = this.markets[index];
      if (old === undefined) continue;
      const moved = this.#market(index);
      this.markets[index] = {
        ...moved,
        isFrozen: old.isFrozen,
        blocked: old.blocked,
        settlesAtMs: old.settlesAtMs,
      };
      this.#dirty.add(index);
    }
    const changed = [...this.#dirty].flatMap((index) => this.markets[index] ?? []);
    this.#dirty.clear();
    return changed;
  }

  #always() {
    const positions = this.#positions();
    return {
      status: this.#status(),
      missed: this.missed,
      positions,
      capital: capitalOf(positions),
      limits: this.limits,
    };
  }

  #status(): StatusReply {
    const isArmed = this.#kill === 'armed';
    return {
      version: '0.1.0',
      profile: this.#options.profile,
      pid: 4_242,
      startedAtMs: this.#startedAtMs,
      isLive: true,
      stopped: this.#stopped,
      naked: { micros: this.#nakedMicros, maxMicros: 100_000_000 },
      sinks: [
        { name: 'postgres', state: 'up', lagRows: 0, why: undefined },
        {
          name: 'redis',
          state: 'down',
          lagRows: 1_204,
          why: 'connection refused, asked again in 4 s',
        },
      ],
      status: {
        state: isArmed ? 'running' : 'stopped',
        stoppedBecause: this.#stopped?.why,
        uptimeMs: this.#uptimeMs,
        isPaper: false,
        fills: { kalshi: 812, polymarket: 790 },
        kill: this.#kill,
        exposed: 1,
        pairs: this.markets.length,
        feeds: { kalshi: this.#feed('kalshi'), polymarket: this.#feed('polymarket') },
        opportunities: {
          detected: this.#fired + 96,
          fired: this.#fired,
          refused: { 'in-flight': 61, stale: 22, 'below-minimum': 9, naked: 4 },
        },
        held: { 'terms-changed': 2, resting: 3 },
        arbs: {
          fired: this.#fired,
          bothFilled: this.#fired - 9,
          oneLegged: 3,
          noneFilled: 6,
          unknown: 0,
          inFlight: 1,
        },
        orders: { kalshi: this.#fired, polymarket: this.#fired + 2 },
        exits: { kalshi: 1, polymarket: 2 },
        pnlMicros: this.#lockedMicros,
        costMicros: 8_456_120_000,
        fees: { kalshi: 41_230_450, polymarket: 28_160_120 },
        nakedE6: 7_500_000,
        latencyNs: Object.fromEntries(
          STAGES.map((stage, index) => [stage, this.#latency(STAGE_NS[index] ?? 1e5)]),
        ) as StatusReply['status']['latencyNs'],
      },
    };
  }

  #feed(venue: VenueName): FeedStatus {
    const isKalshi = venue === 'kalshi';
    return {
      ...NO_FEED,
      connected: 1,
      connections: 1,
      trustedMarkets: isKalshi ? this.markets.length : this.markets.length - 4,
      markets: this.markets.length,
      frames: this.#frames[venue],
      conflated: 45_678,
      gaps: isKalshi ? 3 : 0,
      resyncs: isKalshi ? 4 : 11,
      reconnects: isKalshi ? 0 : 2,
      silences: isKalshi ? 0 : 1,
      resyncNs: { count: 15, p50: 4.2e7, p95: 1.8e8, p99: 3.1e8, p999: 4e8, max: 4e8 },
      backOffs: isKalshi ? 0 : 5,
      clockSkewMs: isKalshi ? 0 : -12,
      breakerOpenings: isKalshi ? 0 : 1,
    };
  }

  #latency(p50: number): LatencyNs {
    const [p95, p99, p999, max] = [p50 * 2.1, p50 * 4.1, p50 * 9.7, p50 * 23];
    return { count: 9_000 + this.#fired, p50, p95, p99, p999, max };
  }

  #point(atMs: number, back: number): HistoryPoint {
    const wobble = (): number => 0.85 + this.#random() * 0.35;
    const latencyNs = Object.fromEntries(
      STAGES.map((stage, index) => {
        const p50 = Math.round((STAGE_NS[index] ?? 1e5) * wobble());
        const p99 = Math.round(p50 * 4 * wobble() * (this.#random() < 0.02 ? 6 : 1));
        return [stage, { p50, p95: Math.round(p50 * 2.1 * wobble()), p99 }];
      }),
    );
    return {
      atMs,
      framesPerSecond: { kalshi: 740 * wobble(), polymarket: 530 * wobble() },
      latencyNs,
      lockedMicros: Math.max(0, this.#lockedMicros - back * 90_000),
      realisedMicros: Math.max(0, this.#realisedMicros - Math.floor(back / 60) * 2_900_000),
      nakedMicros: this.#random() < 0.1 ? 4_000_000 : this.#nakedMicros,
      rssBytes: 212_000_000 + Math.round(this.#random() * 3_000_000),
    };
  }

  #market(market: number): MarketView {
    const topic = TOPICS[market % TOPICS.length] ?? 'market';
    const polarity = market % 7 === 3 ? 'opposite' : 'same';
    const yesE4 = 400 + Math.floor(this.#random() * 90) * 100;
    const gapE4 = Math.floor(this.#random() * 95) * 10 - 310;
    const otherNoE4 = Math.min(9_900, Math.max(100, 10_000 - yesE4 + gapE4));
    const otherYesE4 = Math.min(9_900, Math.max(100, 10_200 - otherNoE4));
    const isDistrusted = market % 43 === 11;
    const other = polarity === 'same' ? [otherYesE4, otherNoE4] : [otherNoE4, otherYesE4];
    const feeE4 = 170;
    return {
      market,
      name: `${topic}-${String(market).padStart(4, '0')}`,
      kalshiTicker: `KX${topic.toUpperCase().replace('-', '')}-26DEC-T${market}`,
      polymarketSlug: `will-${topic}-${market}`,
      polarity,
      books: {
        kalshi: this.#book(yesE4, 10_150 - yesE4, isDistrusted ? 'resyncing' : 'trusted'),
        polymarket: this.#book(other[0] ?? 5_000, other[1] ?? 5_000, 'trusted'),
      },
      edge: {
        kalshiOutcome: market % 61 === 17 ? undefined : 'yes',
        microsPerContract: (10_000 - yesE4 - otherNoE4 - feeE4) * 100,
      },
      settlesAtMs: market % 29 === 5 ? undefined : Date.now() + ((market * 7) % 60) * DAY_MS + 5e6,
      blocked: isDistrusted || market % 9 === 4 ? (WHYS[market % WHYS.length] ?? []) : [],
      isFrozen: false,
    };
  }

  #book(yesE4: number, noE4: number, trust: string): BookView {
    const side = (best: number): LevelView[] =>
      Array.from({ length: 6 }, (_, depth) => ({
        priceE4: best + depth * 100,
        sizeCenti: 100 * (5 + Math.floor(this.#random() * 400 * (depth + 1))),
      })).filter((level) => level.priceE4 < 10_000);
    return { yes: side(yesE4), no: side(noE4), trust, ageMs: Math.floor(this.#random() * 400) };
  }

  #fire(firedAtMs: number): ArbView {
    this.#fired++;
    const number = this.#fired;
    const market = Math.floor(this.#random() * this.markets.length);
    const isUneven = number % 6 === 0;
    const netMicros = isUneven ? -180_000 : 120_000 + Math.floor(this.#random() * 1_600_000);
    this.#lockedMicros += netMicros;
    const at = (ns: number): number =>
      5e12 + number * 1e9 + Math.round(ns * (0.8 + this.#random() * 0.4));
    const stampsNs = {
      received: at(0),
      published: at(9e3),
      detected: at(8.1e4),
      dequeued: at(2.3e5),
    };
    const sizeCenti = 100 * (5 + Math.floor(this.#random() * 90));
    const arb: ArbView = {
      arb: `r3.0.${number}`,
      market,
      name: this.markets[market]?.name ?? '',
      firedAtMs,
      state: isUneven ? 'neutral' : 'matched',
      netMicros,
      sizeCenti,
      stampsNs,
      legs: legsOf(number, sizeCenti, isUneven, at),
    };
    this.arbs.unshift(arb);
    if (this.arbs.length > 100) this.arbs.pop();
    this.log(
      'info',
      'executor',
      'arb-settled',
      `${arb.name}: ${arb.state}, ${sizeCenti / 100} contracts`,
    );
    return arb;
  }

  #positions(): PositionView[] {
    return this.markets.slice(0, 34).map((view, index) => {
      const contractsE6 = (20 + ((index * 13) % 70)) * 1_000_000;
      const nakedE6 = index === 6 ? 7_500_000 : 0;
      return {
        market: view.market,
        name: view.name,
        contractsE6: {
          kalshi: { yes: contractsE6 + nakedE6, no: 0 },
          polymarket: { yes: 0, no: contractsE6 },
        },
        costMicros: contractsE6 - contractsE6 / 50,
        lockedMicros: nakedE6 > 0 ? -310_000 : contractsE6 / 50,
        nakedE6,
        nakedMicros: nakedE6 > 0 ? this.#nakedMicros : 0,
        settlesAtMs: view.settlesAtMs,
      };
    });
  }
}

function legsOf(
  number: number,
  sizeCenti: number,
  isUneven: boolean,
  at: (ns: number) => number,
): LegView[] {
  return VENUE_NAMES.flatMap((venue): LegView[] => {
    const isKalshi = venue === 'kalshi';
    const entry: LegView = {
      clientOrderId: `${isKalshi ? 'k' : 'p'}-${(number * 7919).toString(16)}`,
      role: 'entry',
      venue,
      outcome: isKalshi ? 'yes' : 'no',
      sizeCenti,
      limitE4: isKalshi ? 4_100 : 5_600,
      filledE6: isKalshi || !isUneven ? sizeCenti * 10_000 : 0,
      state: isKalshi ? 'filled' : isUneven ? 'none' : 'confirmed',
      stampsNs: {
        prepared: at(isKalshi ? 3.4e5 : 4.2e5),
        written: at(isKalshi ? 7.9e5 : 8.6e5),
        answered: at(isKalshi ? 4.4e6 : 3.1e6),
        confirmed: isKalshi ? at(4.4e6) : isUneven ? 0 : at(2.4e9),
      },
    };
    if (isKalshi || !isUneven) return [entry];
    const exit: LegView = {
      ...entry,
      clientOrderId: `${entry.clientOrderId}-x`,
      role: 'exit',
      limitE4: 5_800,
      filledE6: sizeCenti * 10_000,
      state: 'confirmed',
      stampsNs: {
        prepared: at(9e6),
        written: at(1.3e7),
        answered: at(1.9e7),
        confirmed: at(3.1e9),
      },
    };
    return [entry, exit];
  });
}

function capitalOf(positions: readonly PositionView[]): CapitalView[] {
  const byDay = new Map<string | undefined, CapitalView>();
  for (const { settlesAtMs, costMicros, lockedMicros } of positions) {
    const day =
      settlesAtMs === undefined ? undefined : new Date(settlesAtMs).toISOString().slice(0, 10);
    const old = byDay.get(day) ?? { day, costMicros: 0, payoutMicros: 0 };
    byDay.set(day, {
      day,
      costMicros: old.costMicros + costMicros,
      payoutMicros: old.payoutMicros + costMicros + lockedMicros,
    });
  }
  return [...byDay.values()];
}

function limitsAtFirst(): LimitView[] {
  const limit = (
    name: string,
    value: number,
    unit: string,
    meaning: string,
    used?: number,
  ): LimitView => ({
    name,
    value,
    unit,
    meaning,
    used,
  });
  return [
    limit(
      'maxTotalPosition',
      10_000_000_000,
      'micros',
      'Most spent on all positions together.',
      8_456_120_000,
    ),
    limit(
      'maxMarketPosition',
      200_000_000,
      'micros',
      'Most spent on the positions of one pair.',
      91_000_000,
    ),
    limit(
      'maxDailyLoss',
      50_000_000,
      'micros',
      'Lost since 00:00 UTC at which nothing more is opened that day.',
      310_000,
    ),
    limit(
      'maxNaked',
      100_000_000,
      'micros',
      'In contracts without their other leg at which nothing more is opened.',
      3_210_000,
    ),
    limit(
      'maxConsecutiveFailures',
      10,
      'failures',
      'Failed arbitrages in a row at which nothing more is opened.',
      1,
    ),
    limit('maxOrderSize', 10_000, 'centi', 'Most contracts of one arbitrage.'),
    limit(
      'maxClockSkewMs',
      5_000,
      'ms',
      "Difference of an exchange's clock from ours at which nothing is opened there.",
      12,
    ),
    limit('minPrice', 100, 'e4', 'Lowest price that a leg may pay.'),
  ];
}

/** mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
