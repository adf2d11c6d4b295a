// What a detector tells the main thread of each underround that it decided on: fired or not, why, and all that the decision was made
// from: prices, levels, costs, fees.
import type { AskLevels } from '../domain/sizing.js';
import { CACHE_LINE_BYTES, defineLayout, fieldsWrittenBy } from '../shm/layout.js';
import type { SpscRing } from '../shm/spsc-ring.js';

/** Why an underround was or was not fired on. Stable words: they stand in summaries, logs and the journal. */
export const DECISIONS = [
  'fired',
  'observing',
  'stopped',
  'held',
  'no-funds-kalshi',
  'no-funds-polymarket',
  'total-position',
  'market-position',
  'ring-full',
] as const;
export const DECISION_FIRED = 0;
export const DECISION_OBSERVING = 1;
export const DECISION_STOPPED = 2;
export const DECISION_HELD = 3;
/** The refusals of pipeline/reservation.ts, in their order. */
export const DECISION_NOT_RESERVED = 4;
export const DECISION_RING_FULL = 8;

//   0       8          16    24           32          40    48      52          56         60
//   +-------+----------+-----+------------+-----------+-----+-------+-----------+----------+------+
//   | arbId | detected | net | kalshiCost | polyCost  | fee | pair  | direction | decision | size |
//   +-------+----------+-----+------------+-----------+-----+-------+-----------+----------+------+
//   64             68           72                76                80            84        92
//   +--------------+------------+-----------------+-----------------+-------------+---------+-----+
//   | kalshiLimit  | polyLimit  | kalshiReserved  | polyReserved    | position    | levels  | ... |
//   +--------------+------------+-----------------+-----------------+-------------+---------+-----+
//   128                                                   256
//   +-----------------------------------------------------+
//   | 8 levels of Kalshi, 8 of Polymarket: [price, size]  |
//   +-----------------------------------------------------+
const ARB_ID_OFFSET = 0;
const DETECTED_NS_OFFSET = ARB_ID_OFFSET + 8;
const NET_MICROS_OFFSET = DETECTED_NS_OFFSET + 8;
const KALSHI_COST_OFFSET = NET_MICROS_OFFSET + 8;
const POLYMARKET_COST_OFFSET = KALSHI_COST_OFFSET + 8;
const FEE_OFFSET = POLYMARKET_COST_OFFSET + 8;
const PAIR_OFFSET = FEE_OFFSET + 8;
const DIRECTION_OFFSET = PAIR_OFFSET + 4;
const DECISION_OFFSET = DIRECTION_OFFSET + 4;
const SIZE_CENTI_OFFSET = DECISION_OFFSET + 4;
const KALSHI_LIMIT_OFFSET = SIZE_CENTI_OFFSET + 4;
const POLYMARKET_LIMIT_OFFSET = KALSHI_LIMIT_OFFSET + 4;
const KALSHI_RESERVED_OFFSET = POLYMARKET_LIMIT_OFFSET + 4;
const POLYMARKET_RESERVED_OFFSET = KALSHI_RESERVED_OFFSET + 4;
const POSITION_OFFSET = POLYMARKET_RESERVED_OFFSET + 4;
const KALSHI_LEVELS_OFFSET = POSITION_OFFSET + 4;
const POLYMARKET_LEVELS_OFFSET = KALSHI_LEVELS_OFFSET + 4;
const RESERVED_OFFSET = POLYMARKET_LEVELS_OFFSET + 4;
const LEVELS_OFFSET = 2 * CACHE_LINE_BYTES;
/** Levels of each book that are kept: a deeper walk is told by its count. */
export const DECISION_LEVELS = 8;
const LEVEL_BYTES = 8;
export const DECISION_RECORD_BYTES = LEVELS_OFFSET + 2 * DECISION_LEVELS * LEVEL_BYTES;
const MAX_U32 = 0xffff_ffff;

const field = fieldsWrittenBy('detector');
const cents = (name: string, offset: number, meaning: string) =>
  field(name, offset, 4, 'u32', `1/100 dollar set aside ${meaning}`);

export const DECISION_RECORD_LAYOUT = defineLayout({
  name: 'Decision record',
  bytes: DECISION_RECORD_BYTES,
  allocatedBy: 'runtime/memory.ts, records of the ring from a detector to the main thread',
  fields: [
    field('arbId', ARB_ID_OFFSET, 8, 'f64', 'of the arbitrage, when fired'),
    field('detectedNs', DETECTED_NS_OFFSET, 8, 'f64', 'the decision was made'),
    field('netMicros', NET_MICROS_OFFSET, 8, 'f64', 'what the pair would net'),
    field('kalshiCost', KALSHI_COST_OFFSET, 8, 'f64', 'micros of its leg at the prices seen'),
    field('polymarketCost', POLYMARKET_COST_OFFSET, 8, 'f64', 'micros of its leg: whole cents'),
    field('fee', FEE_OFFSET, 8, 'f64', 'bound of both fees, micros'),
    field('pair', PAIR_OFFSET, 4, 'u32', 'index in the registry'),
    field('direction', DIRECTION_OFFSET, 4, 'u32', 'outcome bought on Kalshi: 0 YES, 1 NO'),
    field('decision', DECISION_OFFSET, 4, 'u32', 'index into DECISIONS; bit 31: a new underround'),
    field('sizeCenti', SIZE_CENTI_OFFSET, 4, 'u32', 'contracts of each leg, in 1/100'),
    field('kalshiLimitE4', KALSHI_LIMIT_OFFSET, 4, 'u32', 'worst price, of the outcome bought'),
    field('polymarketLimitE4', POLYMARKET_LIMIT_OFFSET, 4, 'u32', 'worst price, of the token'),
    cents('kalshiReserved', KALSHI_RESERVED_OFFSET, "on the market's Kalshi shard"),
    cents('polymarketReserved', POLYMARKET_RESERVED_OFFSET, 'on Polymarket'),
    cents('position', POSITION_OFFSET, 'of the position limits'),
    field('kalshiLevels', KALSHI_LEVELS_OFFSET, 4, 'u32', 'levels that its book had'),
    field('polymarketLevels', POLYMARKET_LEVELS_OFFSET, 4, 'u32', 'levels that its book had'),
    field('tail', RESERVED_OFFSET, LEVELS_OFFSET - RESERVED_OFFSET, 'reserved', ''),
    field(
      'levels',
      LEVELS_OFFSET,
      2 * DECISION_LEVELS * LEVEL_BYTES,
      'u32[2 x 8 x 2]',
      "best asks first: price in 1/10,000 dollar, contracts in 1/100, saturating; Kalshi's 8, then Polymarket's",
    ),
  ],
});

const NEW_BIT = 1 << 31;

/** Price in 1/10,000 dollar, contracts in 1/100. */
export type SeenLevel = readonly [priceE4: number, sizeCenti: number];

/** All of a decision but the levels, which are written from the books and read as lists. */
export interface DecisionFacts {
  arbId: number;
  detectedNs: number;
  netMicros: number;
  kalshiCostMicros: number;
  polymarketCostMicros: number;
  feeMicros: number;
  pair: number;
  direction: number;
  decision: number;
  /** First decision on this underround: the next ones are of the same stretch of time. */
  isNew: boolean;
  sizeCenti: number;
  kalshiLimitE4: number;
  polymarketLimitE4: number;
  kalshiReservedCents: number;
  polymarketReservedCents: number;
  positionCents: number;
}

export interface DecisionRecord extends DecisionFacts {
  readonly kalshiAskE4: number;
  readonly polymarketAskE4: number;
  readonly kalshiAsks: readonly SeenLevel[];
  readonly polymarketAsks: readonly SeenLevel[];
}

export function createDecisionFacts(): DecisionFacts {
  return {
    arbId: 0,
    detectedNs: 0,
    netMicros: 0,
    kalshiCostMicros: 0,
    polymarketCostMicros: 0,
    feeMicros: 0,
    pair: 0,
    direction: 0,
    decision: 0,
    isNew: false,
    sizeCenti: 0,
    kalshiLimitE4: 0,
    polymarketLimitE4: 0,
    kalshiReservedCents: 0,
    polymarketReservedCents: 0,
    positionCents: 0,
  };
}

/** @hot */
export function writeDecisionRecord(
  ring: SpscRing,
  record: number,
  from: DecisionFacts,
  kalshiAsks: AskLevels,
  polymarketAsks: AskLevels,
): void {
  const { ints, floats } = ring;
  floats[(record + ARB_ID_OFFSET) / 8] = from.arbId;
  floats[(record + DETECTED_NS_OFFSET) / 8] = from.detectedNs;
  floats[(record + NET_MICROS_OFFSET) / 8] = from.netMicros;
  floats[(record + KALSHI_COST_OFFSET) / 8] = from.kalshiCostMicros;
  floats[(record + POLYMARKET_COST_OFFSET) / 8] = from.polymarketCostMicros;
  floats[(record + FEE_OFFSET) / 8] = from.feeMicros;
  ints[(record + PAIR_OFFSET) / 4] = from.pair;
  ints[(record + DIRECTION_OFFSET) / 4] = from.direction;
  ints[(record + DECISION_OFFSET) / 4] = from.isNew ? from.decision | NEW_BIT : from.decision;
  ints[(record + SIZE_CENTI_OFFSET) / 4] = from.sizeCenti;
  ints[(record + KALSHI_LIMIT_OFFSET) / 4] = from.kalshiLimitE4;
  ints[(record + POLYMARKET_LIMIT_OFFSET) / 4] = from.polymarketLimitE4;
  ints[(record + KALSHI_RESERVED_OFFSET) / 4] = from.kalshiReservedCents;
  ints[(record + POLYMARKET_RESERVED_OFFSET) / 4] = from.polymarketReservedCents;
  ints[(record + POSITION_OFFSET) / 4] = from.positionCents;
  ints[(record + KALSHI_LEVELS_OFFSET) / 4] = kalshiAsks.count;
  ints[(record + POLYMARKET_LEVELS_OFFSET) / 4] = polymarketAsks.count;
  writeLevels(ints, (record + LEVELS_OFFSET) / 4, kalshiAsks);
  writeLevels(ints, (record + LEVELS_OFFSET) / 4 + 2 * DECISION_LEVELS, polymarketAsks);
}

/** @hot */
function writeLevels(ints: Uint32Array | Int32Array, at: number, asks: AskLevels): void {
  const count = Math.min(asks.count, DECISION_LEVELS);
  for (let level = 0; level < count; level++) {
    ints[at + 2 * level] = asks.pricesE4[level]!;
    ints[at + 2 * level + 1] = Math.min(asks.sizesCenti[level]!, MAX_U32);
  }
}

export function readDecisionRecord(ring: SpscRing, record: number): DecisionRecord {
  const { ints, floats } = ring;
  const decision = ints[(record + DECISION_OFFSET) / 4]!;
  const int = (offset: number) => ints[(record + offset) / 4]! >>> 0;
  const kalshiAsks = readLevels(ring, record + LEVELS_OFFSET, int(KALSHI_LEVELS_OFFSET));
  const polymarketAsks = readLevels(
    ring,
    record + LEVELS_OFFSET + DECISION_LEVELS * LEVEL_BYTES,
    int(POLYMARKET_LEVELS_OFFSET),
  );
  return {
    arbId: floats[(record + ARB_ID_OFFSET) / 8]!,
    detectedNs: floats[(record + DETECTED_NS_OFFSET) / 8]!,
    netMicros: floats[(record + NET_MICROS_OFFSET) / 8]!,
    kalshiCostMicros: floats[(record + KALSHI_COST_OFFSET) / 8]!,
    polymarketCostMicros: floats[(record + POLYMARKET_COST_OFFSET) / 8]!,
    feeMicros: floats[(record + FEE_OFFSET) / 8]!,
    pair: int(PAIR_OFFSET),
    direction: int(DIRECTION_OFFSET),
    decision: decision & ~NEW_BIT,
    isNew: (decision & NEW_BIT) !== 0,
    sizeCenti: int(SIZE_CENTI_OFFSET),
    kalshiLimitE4: int(KALSHI_LIMIT_OFFSET),
    polymarketLimitE4: int(POLYMARKET_LIMIT_OFFSET),
    kalshiReservedCents: int(KALSHI_RESERVED_OFFSET),
    polymarketReservedCents: int(POLYMARKET_RESERVED_OFFSET),
    positionCents: int(POSITION_OFFSET),
    kalshiAskE4: kalshiAsks[0]?.[0] ?? 0,
    polymarketAskE4: polymarketAsks[0]?.[0] ?? 0,
    kalshiAsks,
    polymarketAsks,
  };
}

function readLevels({ ints }: SpscRing, offset: number, count: number): SeenLevel[] {
  const at = offset / 4;
  return Array.from({ length: Math.min(count, DECISION_LEVELS) }, (_, level) => [
    ints[at + 2 * level]! >>> 0,
    ints[at + 2 * level + 1]! >>> 0,
  ]);
}
