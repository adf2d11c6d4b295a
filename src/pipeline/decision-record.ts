// What a detector tells the main thread of each underround that it decided on: fired or not, why, and the prices it saw.
import { CACHE_LINE_BYTES, defineLayout, fieldsWrittenBy } from '../shm/layout.js';
import type { SpscRing } from '../shm/spsc-ring.js';

/** Why an underround was or was not fired on. Stable words: they stand in summaries and logs. */
export const DECISIONS = [
  'fired',
  'observing',
  'stopped',
  'held',
  'no-funds',
  'ring-full',
] as const;
export const DECISION_FIRED = 0;
export const DECISION_OBSERVING = 1;
export const DECISION_STOPPED = 2;
export const DECISION_HELD = 3;
export const DECISION_NO_FUNDS = 4;
export const DECISION_RING_FULL = 5;

//   0       8          16    24            32            40     44          48         52     56           60          64
//   +-------+----------+-----+-------------+-------------+------+-----------+----------+------+------------+-----------+
//   | arbId | detected | net | kalshiSpend | polySpend   | pair | direction | decision | size | kalshiAsk  | polyAsk   |
//   +-------+----------+-----+-------------+-------------+------+-----------+----------+------+------------+-----------+
const ARB_ID_OFFSET = 0;
const DETECTED_NS_OFFSET = ARB_ID_OFFSET + 8;
const NET_MICROS_OFFSET = DETECTED_NS_OFFSET + 8;
const KALSHI_RESERVED_OFFSET = NET_MICROS_OFFSET + 8;
const POLYMARKET_RESERVED_OFFSET = KALSHI_RESERVED_OFFSET + 8;
const PAIR_OFFSET = POLYMARKET_RESERVED_OFFSET + 8;
const DIRECTION_OFFSET = PAIR_OFFSET + 4;
const DECISION_OFFSET = DIRECTION_OFFSET + 4;
const SIZE_CENTI_OFFSET = DECISION_OFFSET + 4;
const KALSHI_ASK_OFFSET = SIZE_CENTI_OFFSET + 4;
const POLYMARKET_ASK_OFFSET = KALSHI_ASK_OFFSET + 4;
export const DECISION_RECORD_BYTES = CACHE_LINE_BYTES;

const field = fieldsWrittenBy('detector');

export const DECISION_RECORD_LAYOUT = defineLayout({
  name: 'Decision record',
  bytes: DECISION_RECORD_BYTES,
  allocatedBy: 'runtime/memory.ts, records of the ring from a detector to the main thread',
  fields: [
    field('arbId', ARB_ID_OFFSET, 8, 'f64', 'of the arbitrage, when fired'),
    field('detectedNs', DETECTED_NS_OFFSET, 8, 'f64', 'the decision was made'),
    field('netMicros', NET_MICROS_OFFSET, 8, 'f64', 'what the pair would net'),
    field('kalshiReserved', KALSHI_RESERVED_OFFSET, 8, 'f64', 'micros set aside on Kalshi'),
    field(
      'polymarketReserved',
      POLYMARKET_RESERVED_OFFSET,
      8,
      'f64',
      'micros set aside on Polymarket',
    ),
    field('pair', PAIR_OFFSET, 4, 'u32', 'index in the registry'),
    field('direction', DIRECTION_OFFSET, 4, 'u32', 'outcome bought on Kalshi: 0 YES, 1 NO'),
    field('decision', DECISION_OFFSET, 4, 'u32', 'index into DECISIONS; bit 31: a new underround'),
    field('sizeCenti', SIZE_CENTI_OFFSET, 4, 'u32', 'contracts of each leg, in 1/100'),
    field('kalshiAskE4', KALSHI_ASK_OFFSET, 4, 'u32', 'best ask seen on Kalshi'),
    field('polymarketAskE4', POLYMARKET_ASK_OFFSET, 4, 'u32', 'best ask seen on Polymarket'),
  ],
});

const NEW_BIT = 1 << 31;

export interface DecisionRecord {
  arbId: number;
  detectedNs: number;
  netMicros: number;
  kalshiReservedMicros: number;
  polymarketReservedMicros: number;
  pair: number;
  direction: number;
  decision: number;
  /** First decision on this underround: the next ones are of the same stretch of time. */
  isNew: boolean;
  sizeCenti: number;
  kalshiAskE4: number;
  polymarketAskE4: number;
}

export function createDecisionRecord(): DecisionRecord {
  return {
    arbId: 0,
    detectedNs: 0,
    netMicros: 0,
    kalshiReservedMicros: 0,
    polymarketReservedMicros: 0,
    pair: 0,
    direction: 0,
    decision: 0,
    isNew: false,
    sizeCenti: 0,
    kalshiAskE4: 0,
    polymarketAskE4: 0,
  };
}

/** @hot */
export function writeDecisionRecord(ring: SpscRing, record: number, from: DecisionRecord): void {
  const { ints, floats } = ring;
  floats[(record + ARB_ID_OFFSET) / 8] = from.arbId;
  floats[(record + DETECTED_NS_OFFSET) / 8] = from.detectedNs;
  floats[(record + NET_MICROS_OFFSET) / 8] = from.netMicros;
  floats[(record + KALSHI_RESERVED_OFFSET) / 8] = from.kalshiReservedMicros;
  floats[(record + POLYMARKET_RESERVED_OFFSET) / 8] = from.polymarketReservedMicros;
  ints[(record + PAIR_OFFSET) / 4] = from.pair;
  ints[(record + DIRECTION_OFFSET) / 4] = from.direction;
  ints[(record + DECISION_OFFSET) / 4] = from.isNew ? from.decision | NEW_BIT : from.decision;
  ints[(record + SIZE_CENTI_OFFSET) / 4] = from.sizeCenti;
  ints[(record + KALSHI_ASK_OFFSET) / 4] = from.kalshiAskE4;
  ints[(record + POLYMARKET_ASK_OFFSET) / 4] = from.polymarketAskE4;
}

export function readDecisionRecord(ring: SpscRing, record: number): DecisionRecord {
  const { ints, floats } = ring;
  const decision = ints[(record + DECISION_OFFSET) / 4]!;
  return {
    arbId: floats[(record + ARB_ID_OFFSET) / 8]!,
    detectedNs: floats[(record + DETECTED_NS_OFFSET) / 8]!,
    netMicros: floats[(record + NET_MICROS_OFFSET) / 8]!,
    kalshiReservedMicros: floats[(record + KALSHI_RESERVED_OFFSET) / 8]!,
    polymarketReservedMicros: floats[(record + POLYMARKET_RESERVED_OFFSET) / 8]!,
    pair: ints[(record + PAIR_OFFSET) / 4]!,
    direction: ints[(record + DIRECTION_OFFSET) / 4]!,
    decision: decision & ~NEW_BIT,
    isNew: (decision & NEW_BIT) !== 0,
    sizeCenti: ints[(record + SIZE_CENTI_OFFSET) / 4]!,
    kalshiAskE4: ints[(record + KALSHI_ASK_OFFSET) / 4]!,
    polymarketAskE4: ints[(record + POLYMARKET_ASK_OFFSET) / 4]!,
  };
}
