// What the two simulated exchanges list: seeded pairs of markets, each with the terms a real listing would have.
import { tickGrid } from '../../domain/price-grid.js';
import { INVERTED, type Polarity, SAME } from '../../domain/venue.js';
import type { KalshiListing, PolymarketListing } from '../exchange.js';
import { PRICE_STRUCTURES, type PriceStructure } from './price-structures.js';
import { Rng } from './rng.js';

/** One proposition on both exchanges. Its index is the market's index on each of them. */
export interface PairListing {
  readonly market: number;
  readonly name: string;
  readonly polarity: Polarity;
  readonly kalshi: KalshiListing;
  readonly polymarket: PolymarketListing;
}

export interface ListingOptions {
  readonly seed: number;
  readonly markets: number;
  /** The wall clock at which the market opened. Everything else depends on the seed alone. */
  readonly openTimeMs: number;
}

const DAY_MS = 86_400_000;
const MIN_SIZE_CENTI = 500;

interface Series {
  readonly ticker: string;
  readonly topic: string;
  readonly exchangeIndex: number;
  readonly polymarketFeeRates: readonly number[];
  /** The strike's text on Kalshi and in a sentence. */
  strike(rng: Rng): readonly [suffix: string, phrase: string];
}

const SERIES: readonly Series[] = [
  {
    ticker: 'KXGOLD15M',
    topic: 'gold be higher in 15 minutes',
    exchangeIndex: 2,
    polymarketFeeRates: [0.04],
    strike: (rng) => {
      const price = rng.between(2_400, 4_900);
      return [String(price).slice(-2), `from $${price}`];
    },
  },
  {
    ticker: 'KXBTCD',
    topic: 'Bitcoin close above the strike',
    exchangeIndex: 2,
    polymarketFeeRates: [0.07],
    strike: (rng) => {
      const price = rng.between(120, 360) * 250;
      return [`T${price - 1}.99`, `of $${price}`];
    },
  },
  {
    ticker: 'KXETHD',
    topic: 'Ether close above the strike',
    exchangeIndex: 2,
    polymarketFeeRates: [0.07],
    strike: (rng) => {
      const price = rng.between(60, 240) * 20;
      return [`T${price - 1}.99`, `of $${price}`];
    },
  },
  {
    ticker: 'KXHIGHNY',
    topic: 'the high in New York be above the strike',
    exchangeIndex: 0,
    polymarketFeeRates: [0.05],
    strike: (rng) => {
      const degrees = rng.between(38, 97);
      return [`T${degrees}`, `of ${degrees} degrees`];
    },
  },
  {
    ticker: 'KXFEDDECISION',
    topic: 'the Fed move its rate',
    exchangeIndex: 0,
    polymarketFeeRates: [0.05],
    strike: (rng) => {
      const points = rng.pick([0, 25, 50]);
      return [`C${points}`, `by ${points} basis points or more`];
    },
  },
  {
    ticker: 'KXCPIYOY',
    topic: 'inflation be above the strike',
    exchangeIndex: 0,
    polymarketFeeRates: [0.05, 0.04],
    strike: (rng) => {
      const tenths = rng.between(18, 44);
      return [`T${(tenths / 10).toFixed(1)}`, `of ${(tenths / 10).toFixed(1)} percent`];
    },
  },
  {
    ticker: 'KXNBAGAME',
    topic: 'the home team win',
    exchangeIndex: 3,
    polymarketFeeRates: [0.05],
    strike: (rng) => {
      const home = rng.pick(['NYK', 'BOS', 'LAL', 'GSW', 'MIA', 'DEN', 'PHX', 'MIL']);
      return [home, `(${home})`];
    },
  },
  {
    ticker: 'KXSENATE',
    topic: 'the incumbent keep the seat',
    exchangeIndex: 0,
    polymarketFeeRates: [0.04, 0],
    strike: (rng) => {
      const state = rng.pick(['GA', 'NC', 'MI', 'NH', 'ME', 'TX', 'OH', 'IA']);
      return [state, `in ${state}`];
    },
  },
];

interface SeriesFee {
  readonly type: string;
  readonly multiplier: number;
  /** A fee belongs to a series (kalshi-api.md 4.5), so each fee has a series of its own. */
  readonly seriesSuffix: string;
}

/** Shares after the October survey in kalshi-api.md 4.5, with the rare ones a little more frequent. */
const FEES: readonly (readonly [SeriesFee, number])[] = [
  [{ type: 'quadratic', multiplier: 1, seriesSuffix: '' }, 0.86],
  [{ type: 'quadratic_with_maker_fees', multiplier: 1, seriesSuffix: 'M' }, 0.06],
  [{ type: 'quadratic_with_maker_fees', multiplier: 0.5, seriesSuffix: 'MH' }, 0.03],
  [{ type: 'quadratic', multiplier: 0.5, seriesSuffix: 'H' }, 0.03],
  [{ type: 'quadratic_with_combo_maker_fees', multiplier: 1, seriesSuffix: 'C' }, 0.01],
  [{ type: 'quadratic', multiplier: 0, seriesSuffix: 'Z' }, 0.01],
];

/** Few events charge something else than their series (kalshi-api.md 4.5). */
const OVERRIDES: readonly (readonly [number | undefined, number])[] = [
  [undefined, 0.94],
  [0.5, 0.03],
  [1.5, 0.02],
  [0, 0.01],
];

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** Market `index` does not depend on how many there are. */
export function createListings(options: ListingOptions): PairListing[] {
  return Array.from({ length: options.markets }, (_, market) => listPair(options, market));
}

function listPair(options: ListingOptions, market: number): PairListing {
  const rng = new Rng(options.seed, `listing-${market}`);
  const series = rng.pick(SERIES);
  const [suffix, phrase] = series.strike(rng);
  const closeTimeMs = options.openTimeMs + rng.between(2, 90) * DAY_MS;
  const day = `26${rng.pick(MONTHS)}${String(rng.between(1, 28)).padStart(2, '0')}`;
  const number = String(market).padStart(4, '0');
  const fee = rng.weighted(FEES);
  // A stream of its own: everything else about a market stays what its seed made it.
  const override = new Rng(options.seed, `fee-override-${market}`).weighted(OVERRIDES);
  const seriesTicker = `${series.ticker}${fee.seriesSuffix}`;
  const eventTicker = `${seriesTicker}-${day}N${number}`;
  const ticker = `${eventTicker}-${suffix}`;
  const question = `Will ${series.topic} ${phrase}? (${number})`;
  const polarity = rng.chance(0.15) ? INVERTED : SAME;
  const priceLevelStructure = rng.weighted<PriceStructure>([
    ['linear_cent', 0.7],
    ['tapered_deci_cent', 0.15],
    ['deci_cent', 0.1],
    ['center_deci_edge_centi_cent', 0.05],
  ]);
  return {
    market,
    name: `${series.ticker.slice(2).toLowerCase()}-${number}`,
    polarity,
    kalshi: {
      market,
      ticker,
      eventTicker,
      seriesTicker,
      marketId: rng.uuid(),
      title: question,
      rules: `If the answer to "${question}" is yes, the market resolves to Yes.`,
      exchangeIndex: series.exchangeIndex,
      feeType: fee.type,
      feeMultiplier: override ?? fee.multiplier,
      priceLevelStructure,
      priceGrid: PRICE_STRUCTURES[priceLevelStructure],
      openTimeMs: options.openTimeMs,
      closeTimeMs,
    },
    polymarket: listPolymarket(rng, market, series, question, polarity, closeTimeMs),
  };
}

function listPolymarket(
  rng: Rng,
  market: number,
  series: Series,
  question: string,
  polarity: Polarity,
  endDateMs: number,
): PolymarketListing {
  const tickE4 = rng.weighted([
    [100, 0.66],
    [10, 0.28],
    [50, 0.04],
    [25, 0.02],
  ]);
  return {
    market,
    conditionId: `0x${rng.hex(64)}`,
    questionId: `0x${rng.hex(64)}`,
    slug: question
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, ''),
    question: polarity === SAME ? question : question.replace('Will', 'Will it not be that'),
    outcomes: ['Yes', 'No'],
    tokenIds: [tokenId(rng), tokenId(rng)],
    tickE4,
    minSizeCenti: MIN_SIZE_CENTI,
    negRisk: rng.chance(0.25),
    feeRate: rng.pick(series.polymarketFeeRates),
    feeExponent: 1,
    endDateMs,
  };
}

/** A uint256 of 77 or 78 decimal digits, as real token ids are. The top bits are set so that none is shorter. */
function tokenId(rng: Rng): string {
  const top = rng.between(0x20, 0xff).toString(16);
  return BigInt(`0x${top}${rng.hex(62)}`).toString();
}

/** Prices that the Polymarket market accepts. */
export function polymarketGrid(listing: PolymarketListing) {
  return tickGrid(listing.tickE4);
}
