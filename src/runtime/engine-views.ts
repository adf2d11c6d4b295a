// What the engine shows of its markets, money and arbitrages to whoever looks, made from the main thread's own memory when it is asked for.
// It changes nothing, and nothing waits for it.
import type { Clock } from '../domain/clock.js';
import { type AskLevels, createAskLevels, edgeMicros, type PairTerms } from '../domain/sizing.js';

import {
  KALSHI,
  NO,
  type Outcome,
  POLYMARKET,
  polymarketOutcome,
  SAME,
  VENUE_NAMES,
  VENUES,
  type Venue,
  type VenueName,
  YES,
} from '../domain/venue.js';
import type { JournalRecord } from '../journal/records.js';
import { MAX_FEED_AGE_NS } from '../pipeline/detector.js';
import { DEPTH_LEVELS } from '../shm/depth-table.js';
import { TRUSTED, trustReason } from '../shm/quote-table.js';
import { ARMED, RISK_LIMITS, RISK_TABLE_LAYOUT, type RiskLimit } from '../shm/risk-table.js';
import { TRUST_REASONS } from '../venues/feed.js';
import { ArbLog } from './arb-log.js';
import { History } from './history.js';
import { KILL_LEVELS } from './kill-switch.js';
import type { MainEnds } from './main-ends.js';
import { feedWorkersOf, type WorkerCounts } from './memory.js';
import { MissedLog } from './missed-log.js';
import type { EngineStatus } from './status.js';
import type { StageHistograms } from './telemetry.js';
import type { TradingDesk } from './trading-desk.js';
import type {
  ArbView,
  BookView,
  CapitalView,
  HistoryPoint,
  LevelView,
  LimitView,
  MarketView,
  MissedView,
  OutcomeName,
  PositionView,
} from './views.js';

/** Of each book, as deep as a person looks. */
const SHOWN_LEVELS = 8;
const DAY_CHARS = 10;
const FROZEN = 'frozen';
const OUTCOMES: readonly OutcomeName[] = ['yes', 'no'];

export interface EngineViewsParts {
  readonly counts: WorkerCounts;
  readonly observe: boolean;
  readonly ends: MainEnds;
  readonly desk: TradingDesk;
  readonly histograms: StageHistograms;
  readonly clock: Clock;
  termsOf(pair: number): PairTerms;
  /** Whether orders to the exchange are let through. */
  takesOrders(venue: Venue): boolean;
  /** Most that an exchange's clock differs from ours. */
  clockSkewMs(): number;
}

export class EngineViews {
  readonly #parts: EngineViewsParts;
  readonly #arbs: ArbLog;
  readonly #missed = new MissedLog();
  readonly #history: History;
  readonly #marketsByName: ReadonlyMap<string, number>;
  readonly #asks: AskLevels = createAskLevels(DEPTH_LEVELS);

  constructor(parts: EngineViewsParts) {
    this.#parts = parts;
    this.#marketsByName = new Map(parts.ends.pairs.map(({ name }, market) => [name, market]));
    this.#arbs = new ArbLog(
      (name) => this.#marketsByName.get(name) ?? -1,
      () => parts.clock.nowNs(),
    );
    this.#history = new History(parts.histograms);
  }

  /** What is written to the journal. */
  take(record: JournalRecord): void {
    this.#arbs.take(record);
    this.#missed.take(record);
  }

  /** Once a second. */
  takePoint(status: EngineStatus): void {
    const { desk, ends, clock } = this.#parts;
    const { realisedMicros, pnlMicros } = desk.book.totals();
    // What is naked is shown beside it: a leg that is a moment behind the other is no loss.
    let nakedMicros = 0;
    for (let market = 0; market < this.markets; market++) {
      nakedMicros += desk.book.nakedMicros(market);
    }
    const money = { lockedMicros: pnlMicros + nakedMicros, realisedMicros };
    this.#history.take(status, money, ends.risk.nakedMicros(), clock.wallMs());
  }

  get markets(): number {
    return this.#parts.ends.pairs.length;
  }

  /** Index of a market by its name, or by its index as text. */
  marketOf(text: string): number | undefined {
    const byName = this.#marketsByName.get(text);
    if (byName !== undefined) return byName;
    const index = /^\d{1,6}$/.test(text) ? Number(text) : -1;
    return index >= 0 && index < this.markets ? index : undefined;
  }

  market(market: number): MarketView {
    const { ends } = this.#parts;
    const { name, polarity, kalshi, polymarket } = ends.pairs[market]!;
    const books = Object.fromEntries(
      VENUES.map((venue) => [VENUE_NAMES[venue], this.#book(venue, market)]),
    ) as Record<VenueName, BookView>;
    return {
      market,
      name,
      kalshiTicker: kalshi.ticker,
      polymarketSlug: polymarket.conditionId,
      polarity: polarity === SAME ? 'same' : 'opposite',
      books,
      edge: this.#edge(market, books),
      settlesAtMs: settlesAtMs(kalshi.closeMs),
      blocked: this.#blocked(market),
      isFrozen: ends.holds.isHeldFor(market, FROZEN),
    };
  }

  /** Changes when what market() gives has changed, but for the age of its quotes. */
  marketVersion(market: number): string {
    const { quotes } = this.#parts.ends;
    const pairs = this.markets;
    const words = VENUES.map((venue) => {
      const slot = venue * pairs + market;
      return `${quotes.updates(slot)}.${quotes.trustWord(slot)}`;
    });
    return `${words.join(' ')} ${this.#blocked(market).join(';')}`;
  }

  /** Best edge of both directions at the best asks, in micros a contract; lowest where a price is missing. */
  edgeMicros(market: number): number {
    const { quotes, pairs } = this.#parts.ends;
    const { polarity } = pairs[market]!;
    quotes.read(market, QUOTES[KALSHI]);
    quotes.read(pairs.length + market, QUOTES[POLYMARKET]);
    const terms = this.#parts.termsOf(market);
    let best = Number.NEGATIVE_INFINITY;
    for (const outcome of [YES, NO] as const) {
      const ours = askOf(QUOTES[KALSHI], outcome);
      const theirs = askOf(QUOTES[POLYMARKET], polymarketOutcome(outcome, polarity));
      if (ours > 0 && theirs > 0) best = Math.max(best, edgeMicros(terms, ours, theirs));
    }
    return best;
  }

  arbs(limit: number, sinceVersion = 0): ArbView[] {
    return this.#arbs.list(limit, sinceVersion);
  }

  get arbVersion(): number {
    return this.#arbs.version;
  }

  arb(arb: string): ArbView | undefined {
    return this.#arbs.get(arb);
  }

  missed(): MissedView[] {
    return this.#missed.list();
  }

  history(sinceMs = 0): HistoryPoint[] {
    return this.#history.list(sinceMs);
  }

  positions(): PositionView[] {
    const { desk, ends } = this.#parts;
    const views: PositionView[] = [];
    ends.pairs.forEach(({ name, kalshi }, market) => {
      const contractsE6 = Object.fromEntries(
        VENUES.map((venue) => [
          VENUE_NAMES[venue],
          {
            yes: desk.book.heldE6(market, venue, YES),
            no: desk.book.heldE6(market, venue, NO),
          },
        ]),
      ) as PositionView['contractsE6'];
      const held = Object.values(contractsE6).some(({ yes, no }) => yes !== 0 || no !== 0);
      if (!held) return;
      const exposure = desk.book.exposure(market);
      const nakedMicros = desk.book.nakedMicros(market);
      views.push({
        market,
        name,
        contractsE6,
        costMicros: this.#costMicros(market),
        lockedMicros: desk.book.valueMicros(market) - nakedMicros,
        nakedE6: exposure.sizeE6,
        nakedMicros,
        settlesAtMs: settlesAtMs(kalshi.closeMs),
      });
    });
    return views;
  }

  /** By the day on which the money comes back, soonest first, the unknown last. */
  capital(): CapitalView[] {
    const days = new Map<string, { costMicros: number; payoutMicros: number }>();
    for (const { settlesAtMs: atMs, costMicros, lockedMicros } of this.positions()) {
      const day = atMs === undefined ? '' : new Date(atMs).toISOString().slice(0, DAY_CHARS);
      const sum = days.get(day) ?? { costMicros: 0, payoutMicros: 0 };
      days.set(day, {
        costMicros: sum.costMicros + costMicros,
        payoutMicros: sum.payoutMicros + costMicros + lockedMicros,
      });
    }
    return [...days]
      .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1))
      .map(([day, sum]) => ({ day: day === '' ? undefined : day, ...sum }));
  }

  limits(): LimitView[] {
    const { ends, clockSkewMs } = this.#parts;
    const { risk } = ends;
    const used: Partial<Record<RiskLimit, number>> = {
      maxDailyLossMicros: Math.max(0, -risk.dayPnlMicros()),
      maxConsecutiveFailures: risk.consecutiveFailures(),
      maxNakedMicros: risk.nakedMicros(),
      maxClockSkewMs: clockSkewMs(),
    };
    return RISK_LIMITS.map((name) => ({
      name,
      value: risk.limit(name),
      unit: unitOf(name),
      meaning: RISK_TABLE_LAYOUT.fields.find((field) => field.name === name)?.meaning ?? '',
      used: used[name],
    }));
  }

  #costMicros(market: number): number {
    const { book } = this.#parts.desk;
    return VENUES.reduce<number>((sum, venue) => {
      const { costMicros, feeMicros } = book.spent(market, venue);
      return sum + costMicros + feeMicros;
    }, 0);
  }

  #book(venue: Venue, market: number): BookView {
    const { quotes } = this.#parts.ends;
    const slot = venue * this.markets + market;
    const publishedNs = quotes.publishedNs(slot);
    const ageMs = (this.#parts.clock.nowNs() - publishedNs) / 1e6;
    return {
      yes: this.#levels(slot, YES),
      no: this.#levels(slot, NO),
      trust: TRUST_REASONS[trustReason(quotes.trustWord(slot))] ?? 'unknown',
      ageMs: publishedNs === 0 ? undefined : Math.max(0, Math.round(ageMs)),
    };
  }

  #levels(slot: number, outcome: Outcome): LevelView[] {
    const asks = this.#asks;
    if (!this.#parts.ends.depth.read(slot, outcome, asks)) return [];
    return Array.from({ length: Math.min(asks.count, SHOWN_LEVELS) }, (_, level) => ({
      priceE4: asks.pricesE4[level]!,
      sizeCenti: asks.sizesCenti[level]!,
    }));
  }

  #edge(market: number, books: MarketView['books']): MarketView['edge'] {
    const { polarity } = this.#parts.ends.pairs[market]!;
    const terms = this.#parts.termsOf(market);
    let best: MarketView['edge'] = { kalshiOutcome: undefined, microsPerContract: 0 };
    for (const outcome of [YES, NO] as const) {
      const ours = books.kalshi[OUTCOMES[outcome]!][0];
      const theirs = books.polymarket[OUTCOMES[polymarketOutcome(outcome, polarity)]!][0];
      if (ours === undefined || theirs === undefined) continue;
      const microsPerContract = edgeMicros(terms, ours.priceE4, theirs.priceE4);
      if (best.kalshiOutcome === undefined || microsPerContract > best.microsPerContract) {
        best = { kalshiOutcome: OUTCOMES[outcome]!, microsPerContract };
      }
    }
    return best;
  }

  #blocked(market: number): string[] {
    const { ends, observe, takesOrders } = this.#parts;
    const { risk, holds, flights } = ends;
    const blocked: string[] = [];
    const level = risk.killLevel();
    if (level !== ARMED) blocked.push(KILL_LEVELS[level] ?? 'stopped');
    if (observe) blocked.push('observing');
    blocked.push(...holds.reasonsOf(market));
    for (const venue of VENUES) {
      if (!takesOrders(venue)) blocked.push(`${VENUE_NAMES[venue]}: breaker open`);
      const why = this.#distrust(venue, market);
      if (why !== undefined) blocked.push(`${VENUE_NAMES[venue]}: ${why}`);
    }
    if (flights.isInFlight(market)) blocked.push('orders under way');
    return blocked;
  }

  #distrust(venue: Venue, market: number): string | undefined {
    const { ends, counts, clock } = this.#parts;
    const reason = trustReason(ends.quotes.trustWord(venue * this.markets + market));
    if (reason !== TRUSTED) return TRUST_REASONS[reason] ?? 'unknown';
    const worker = feedWorkersOf(counts, market)[venue];
    const nowNs = clock.nowNs();
    if (nowNs - ends.control.heartbeatNs(worker) > MAX_FEED_AGE_NS) return 'feed held up';
    return nowNs > ends.control.freshUntilNs(worker) ? 'quiet for too long' : undefined;
  }
}

const QUOTES = [
  { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 },
  { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 },
] as const;

function askOf(quote: (typeof QUOTES)[number], outcome: Outcome): number {
  return outcome === YES ? quote.yesAskE4 : quote.noAskE4;
}

function settlesAtMs(closeMs: number): number | undefined {
  return Number.isFinite(closeMs) ? closeMs : undefined;
}

/** Units stand last in names (shm/risk-table.ts); the page writes them as a person does. */
function unitOf(name: RiskLimit): string {
  if (name.endsWith('Micros')) return 'micros';
  if (name.endsWith('Centi')) return 'centi';
  if (name.endsWith('E4')) return 'e4';
  return name === 'maxConsecutiveFailures' ? '' : 'ms';
}
