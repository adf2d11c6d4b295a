// The makers of one pair of markets: noise on both exchanges, prices that wander, and now and then one exchange that runs
// ahead of the other and so opens an underround. A pure function of seed and listing.
import { type FeeTable, kalshiFeeTable, polymarketFeeTable } from '../../domain/fee-table.js';
import { kalshiTakerRate } from '../../domain/kalshi-fee.js';
import { polymarketFeeSchedule } from '../../domain/polymarket-fee.js';
import { MICROS_PER_PRICE_E4, PAYOUT_E4 } from '../../domain/units.js';
import { KALSHI, POLYMARKET, type Polarity, SAME, type Venue } from '../../domain/venue.js';
import { type PairListing, polymarketGrid } from './listings.js';
import type { MakerSink, MakerStream } from './maker-op.js';
import { PriceSteps, QuoteModel, type Quotes } from './quote-model.js';
import { Rng } from './rng.js';

/** Best-price moves of one pair on the two exchanges keep this apart: two feeds read with some skew show no price that was not. */
export const MOVE_GAP_US = 25_000;
/** After a divergence has closed, the pair's best prices rest this long. */
export const CALM_US = 150_000;
export const MIN_LIFE_US = 20_000;
export const MAX_LIFE_US = 3_000_000;

const LOWEST_E4 = 500;
const HIGHEST_E4 = PAYOUT_E4 - LOWEST_E4;
const SECOND_US = 1_000_000;

export interface PairStreamOptions {
  readonly seed: number;
  /** Multiplies the rate of noise and of small moves, not of divergences. */
  readonly rate: number;
  /** Mean divergences a second of this pair. */
  readonly divergencesPerSecond: number;
}

/** Ops a second of one market of mean activity, by venue: with the moves, 200 markets make about 1,200 and 500. */
const NOISE_PER_SECOND: readonly [number, number] = [4.8, 1.4];
const NUDGES_PER_SECOND = 0.22;
/** Share of noise that comes right behind another op, and how close (recorded seconds: p50 36, p99 471 messages). */
const BURST_SHARE = 0.6;
const BURST_GAP_US = 2_000;

type MoveKind = 'nudge' | 'diverge' | 'close';

interface Divergence {
  readonly leader: Venue;
  readonly up: boolean;
}

export class PairStream implements MakerStream {
  nextUs = 0;
  readonly #rng: Rng;
  readonly #models: readonly [QuoteModel, QuoteModel];
  readonly #steps: readonly [PriceSteps, PriceSteps];
  readonly #ticksE4: readonly [number, number];
  readonly #fees: readonly [FeeTable, FeeTable];
  readonly #polarity: Polarity;
  readonly #noiseMeanUs: readonly [number, number];
  readonly #nudgeMeanUs: number;
  readonly #divergenceMeanUs: number;
  readonly #noiseUs: [number, number] = [0, 0];
  /** When an op last touched the neighbourhood of the best price, by venue. */
  readonly #nearUs: [number, number] = [-SECOND_US, -SECOND_US];
  #moveUs = 0;
  #moveKind: MoveKind = 'nudge';
  #divergenceUs = 0;
  #divergence: Divergence | undefined;
  #calmUntilUs = 0;
  #seeded = false;

  constructor(listing: PairListing, options: PairStreamOptions) {
    const rng = new Rng(options.seed, `pair-${listing.market}`);
    const activity = Math.min(8, rng.logNormal(Math.exp(-0.5), 1)) * options.rate;
    this.#rng = rng;
    this.#polarity = listing.polarity;
    this.#ticksE4 = [smallestStepE4(listing.kalshi.priceGrid), listing.polymarket.tickE4];
    this.#steps = [
      priceStepsOf(listing.kalshi.priceGrid),
      priceStepsOf(polymarketGrid(listing.polymarket)),
    ];
    this.#fees = feeTables(listing);
    this.#models = [this.#model(listing, KALSHI), this.#model(listing, POLYMARKET)];
    this.#noiseMeanUs = [
      SECOND_US / (NOISE_PER_SECOND[KALSHI] * activity),
      SECOND_US / (NOISE_PER_SECOND[POLYMARKET] * activity),
    ];
    this.#nudgeMeanUs = SECOND_US / (NUDGES_PER_SECOND * activity);
    // A divergence and the calm after it take 0.75 s on average, which is not waiting time.
    this.#divergenceMeanUs =
      options.divergencesPerSecond === 0
        ? Number.POSITIVE_INFINITY
        : Math.max(0.05, 1 / options.divergencesPerSecond - 0.75) * SECOND_US;
  }

  step(sink: MakerSink): void {
    const atUs = this.nextUs;
    if (!this.#seeded) this.#seed(atUs, sink);
    else if (atUs === this.#moveUs) this.#move(atUs, sink);
    else this.#makeNoise(atUs === this.#noiseUs[KALSHI] ? KALSHI : POLYMARKET, atUs, sink);
    this.nextUs = Math.min(this.#moveUs, this.#noiseUs[KALSHI], this.#noiseUs[POLYMARKET]);
  }

  #seed(atUs: number, sink: MakerSink): void {
    const fairE4 = this.#rng.between(1_200, 8_800);
    for (const venue of [KALSHI, POLYMARKET] as const) {
      this.#models[venue].seed(this.#own(venue, this.#around(venue, fairE4)), atUs, sink);
      this.#noiseUs[venue] = this.#noiseAfter(venue, atUs);
    }
    this.#seeded = true;
    this.#calmUntilUs = atUs + CALM_US;
    this.#divergenceUs = this.#divergenceAfter(this.#calmUntilUs);
    this.#scheduleMove(this.#calmUntilUs);
  }

  #makeNoise(venue: Venue, atUs: number, sink: MakerSink): void {
    const other = venue === KALSHI ? POLYMARKET : KALSHI;
    // Takers may have eaten what this model believes to be the best: an order posted there moves the true best price. So
    // noise stays away from it while a divergence is open, in the calm after, and close to a move of the other exchange.
    const deep =
      this.#divergence !== undefined ||
      atUs < this.#calmUntilUs ||
      atUs - this.#nearUs[other] < MOVE_GAP_US ||
      this.#moveUs - atUs < MOVE_GAP_US;
    this.#models[venue].noise(deep, atUs, sink);
    if (!deep) this.#nearUs[venue] = atUs;
    this.#noiseUs[venue] = this.#noiseAfter(venue, atUs);
  }

  #move(atUs: number, sink: MakerSink): void {
    if (this.#moveKind === 'nudge') {
      this.#nudge(atUs, sink);
      this.#scheduleMove(atUs + MOVE_GAP_US);
      return;
    }
    if (this.#moveKind === 'diverge') {
      if (this.#diverge(atUs, sink)) {
        this.#moveKind = 'close';
        this.#moveUs = atUs + Math.round(this.#rng.logUniform(MIN_LIFE_US, MAX_LIFE_US));
        return;
      }
    } else {
      this.#close(atUs, sink);
    }
    this.#calmUntilUs = atUs + CALM_US;
    this.#divergenceUs = this.#divergenceAfter(this.#calmUntilUs);
    this.#scheduleMove(this.#calmUntilUs);
  }

  /** One exchange changes its quotes a little, without an underround. */
  #nudge(atUs: number, sink: MakerSink): void {
    const venue = this.#rng.chance(0.6) ? KALSHI : POLYMARKET;
    const other = venue === KALSHI ? POLYMARKET : KALSHI;
    const own = this.#yes(venue);
    const theirs = this.#yes(other);
    const driftE4 = this.#rng.between(-1, 1) * Math.max(50, this.#ticksE4[venue]);
    const midE4 = (own.bidE4 + own.askE4 + theirs.bidE4 + theirs.askE4) / 4 + driftE4;
    const wanted = this.#around(venue, midE4);
    const steps = this.#steps[venue];
    const bidE4 = Math.min(wanted.bidE4, steps.atOrBelow(theirs.askE4 - 1));
    const askE4 = Math.max(wanted.askE4, steps.atOrAbove(Math.max(theirs.bidE4, bidE4) + 1));
    this.#moveTo(venue, { bidE4, askE4 }, atUs, sink);
  }

  /** The leader jumps past the follower. Returns false when neither way has room for it. */
  #diverge(atUs: number, sink: MakerSink): boolean {
    const rng = this.#rng;
    const leader = rng.chance(0.5) ? KALSHI : POLYMARKET;
    const { bidE4, askE4 } = this.#yes(leader);
    const likelyUp = rng.chance(1 - (bidE4 + askE4) / 2 / PAYOUT_E4);
    // Most are worth a cent or two a contract after fees; some only look like an underround until the fees are counted.
    const netE4 = rng.chance(0.08) ? -rng.between(10, 150) : Math.min(800, rng.logNormal(150, 0.8));
    for (const up of [likelyUp, !likelyUp]) {
      const quotes = this.#jump(leader, up, netE4 * MICROS_PER_PRICE_E4);
      if (quotes === undefined) continue;
      this.#divergence = { leader, up };
      this.#moveTo(leader, quotes, atUs, sink);
      return true;
    }
    return false;
  }

  /** The leader's quotes that leave about this net on one contract bought on both exchanges. */
  #jump(leader: Venue, up: boolean, netMicros: number): Quotes | undefined {
    const follower = leader === KALSHI ? POLYMARKET : KALSHI;
    const theirs = this.#yes(follower);
    const followerCostE4 = up ? theirs.askE4 : PAYOUT_E4 - theirs.bidE4;
    const steps = this.#steps[leader];
    let priceE4 = up ? theirs.askE4 : theirs.bidE4;
    for (;;) {
      priceE4 = up ? steps.atOrAbove(priceE4) : steps.atOrBelow(priceE4);
      if (priceE4 > HIGHEST_E4 || priceE4 < LOWEST_E4) return undefined;
      const leaderCostE4 = up ? PAYOUT_E4 - priceE4 : priceE4;
      const net =
        (PAYOUT_E4 - leaderCostE4 - followerCostE4) * MICROS_PER_PRICE_E4 -
        this.#fees[leader][leaderCostE4]! -
        this.#fees[follower][followerCostE4]!;
      if (net >= netMicros) break;
      priceE4 += up ? 1 : -1;
    }
    const spreadE4 = this.#spreadE4(leader);
    return up
      ? { bidE4: priceE4, askE4: steps.atOrAbove(priceE4 + spreadE4) }
      : { bidE4: steps.atOrBelow(priceE4 - spreadE4), askE4: priceE4 };
  }

  /** The follower follows, or the leader was wrong and comes back. */
  #close(atUs: number, sink: MakerSink): void {
    const divergence = this.#divergence;
    if (divergence === undefined) throw new Error(`nothing to close: atUs=${atUs}`);
    const follower = divergence.leader === KALSHI ? POLYMARKET : KALSHI;
    const mover = this.#rng.chance(0.7) ? follower : divergence.leader;
    const anchor = this.#yes(mover === KALSHI ? POLYMARKET : KALSHI);
    const quotes = this.#around(mover, (anchor.bidE4 + anchor.askE4) / 2);
    this.#moveTo(mover, quotes, atUs, sink);
    this.#divergence = undefined;
  }

  #moveTo(venue: Venue, quotes: Quotes, atUs: number, sink: MakerSink): void {
    this.#models[venue].moveTo(this.#own(venue, quotes), atUs, sink);
    this.#nearUs[venue] = atUs;
  }

  #scheduleMove(earliestUs: number): void {
    const nudgeUs = earliestUs + Math.round(this.#rng.exponential(this.#nudgeMeanUs));
    const divergenceUs = Math.max(earliestUs, this.#divergenceUs);
    this.#moveKind = divergenceUs <= nudgeUs ? 'diverge' : 'nudge';
    this.#moveUs = Math.min(divergenceUs, nudgeUs);
  }

  #divergenceAfter(earliestUs: number): number {
    return earliestUs + Math.round(this.#rng.exponential(this.#divergenceMeanUs));
  }

  #noiseAfter(venue: Venue, atUs: number): number {
    const meanUs = this.#noiseMeanUs[venue];
    const gapUs = this.#rng.chance(BURST_SHARE)
      ? this.#rng.exponential(Math.min(BURST_GAP_US, meanUs))
      : this.#rng.exponential(Math.max(meanUs, (meanUs - BURST_SHARE * BURST_GAP_US) / 0.4));
    return atUs + Math.max(1, Math.round(gapUs));
  }

  /** Quotes on both sides of a mid price that is inside the other exchange's spread: no underround either way. */
  #around(venue: Venue, midE4: number): Quotes {
    const steps = this.#steps[venue];
    const spreadE4 = this.#spreadE4(venue);
    const inside = Math.min(HIGHEST_E4 - 200, Math.max(LOWEST_E4 + 200, midE4));
    const bidE4 = steps.atOrBelow(inside - spreadE4 / 2);
    return { bidE4, askE4: steps.atOrAbove(Math.max(inside, bidE4 + spreadE4)) };
  }

  /** Recorded spreads: 1c 61 %, 2c 22 %, 3c 10 % on cents; 0.006 to 0.013 on tick 0.001. */
  #spreadE4(venue: Venue): number {
    if (this.#ticksE4[venue] < 100) return this.#rng.between(3, 12) * 10;
    return this.#rng.weighted([
      [100, 0.62],
      [200, 0.26],
      [300, 0.12],
    ]);
  }

  /** Quotes in terms of Kalshi's YES. */
  #yes(venue: Venue): Quotes {
    return this.#own(venue, this.#models[venue].quotes);
  }

  /** Between Kalshi's YES and the exchange's own first outcome; the same both ways. */
  #own(venue: Venue, quotes: Quotes): Quotes {
    if (venue === KALSHI || this.#polarity === SAME) return quotes;
    return { bidE4: PAYOUT_E4 - quotes.askE4, askE4: PAYOUT_E4 - quotes.bidE4 };
  }

  #model(listing: PairListing, venue: Venue): QuoteModel {
    return new QuoteModel({
      venue,
      market: listing.market,
      steps: this.#steps[venue],
      targetOrders: this.#rng.between(20, 80),
      rng: this.#rng,
    });
  }
}

const stepsByGrid = new Map<string, PriceSteps>();

/** Markets share a handful of grids. */
function priceStepsOf(grid: PairListing['kalshi']['priceGrid']): PriceSteps {
  const key = JSON.stringify(grid);
  const known = stepsByGrid.get(key);
  if (known !== undefined) return known;
  const steps = new PriceSteps(grid);
  stepsByGrid.set(key, steps);
  return steps;
}

const feesByRate = new Map<string, FeeTable>();

function feeTables({ kalshi, polymarket }: PairListing): readonly [FeeTable, FeeTable] {
  const rate = kalshiTakerRate(kalshi.feeType, kalshi.feeMultiplier);
  const schedule = polymarketFeeSchedule(polymarket.feeRate, polymarket.feeExponent);
  if (rate === undefined || schedule === undefined) {
    throw new Error(`unknown fee: market=${kalshi.market} feeType=${kalshi.feeType}`);
  }
  return [
    shared(`k${rate.numerator}/${rate.denominator}`, () => kalshiFeeTable(rate)),
    shared(`p${polymarket.feeRate}^${polymarket.feeExponent}`, () => polymarketFeeTable(schedule)),
  ];
}

function shared(key: string, create: () => FeeTable): FeeTable {
  const table = feesByRate.get(key) ?? create();
  feesByRate.set(key, table);
  return table;
}

/** The step in the middle of the grid, where prices mostly are. */
function smallestStepE4(grid: PairListing['kalshi']['priceGrid']): number {
  const middle = grid.find(({ endE4 }) => endE4 > PAYOUT_E4 / 2);
  return middle?.stepE4 ?? 100;
}
