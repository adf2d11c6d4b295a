// What a detector asks an executor to do, as a record of the request ring: both legs of one arbitrage and the times behind it.
import { CACHE_LINE_BYTES, defineLayout, fieldsWrittenBy } from '../shm/layout.js';
import type { SpscRing } from '../shm/spsc-ring.js';

//   0        8          16          24          32        40            48          56         64
//   +--------+----------+-----------+-----------+---------+-------------+-----------+----------+
//   | arbId  | received | published | detected  | net     | polySpend   | kalshiMax | reserved |
//   +--------+----------+-----------+-----------+---------+-------------+-----------+----------+
//   64       68          72        76              80              84                          128
//   +--------+-----------+---------+---------------+---------------+---------------------------+
//   | pair   | direction | size    | kalshiLimit   | polyLimit     | reserved                  |
//   +--------+-----------+---------+---------------+---------------+---------------------------+
const ARB_ID_OFFSET = 0;
const RECEIVED_NS_OFFSET = ARB_ID_OFFSET + 8;
const PUBLISHED_NS_OFFSET = RECEIVED_NS_OFFSET + 8;
const DETECTED_NS_OFFSET = PUBLISHED_NS_OFFSET + 8;
const NET_MICROS_OFFSET = DETECTED_NS_OFFSET + 8;
const POLYMARKET_SPEND_OFFSET = NET_MICROS_OFFSET + 8;
const KALSHI_SPEND_OFFSET = POLYMARKET_SPEND_OFFSET + 8;
const FLOAT_RESERVED_OFFSET = KALSHI_SPEND_OFFSET + 8;
const PAIR_OFFSET = FLOAT_RESERVED_OFFSET + 8;
const DIRECTION_OFFSET = PAIR_OFFSET + 4;
const SIZE_CENTI_OFFSET = DIRECTION_OFFSET + 4;
const KALSHI_LIMIT_OFFSET = SIZE_CENTI_OFFSET + 4;
const POLYMARKET_LIMIT_OFFSET = KALSHI_LIMIT_OFFSET + 4;
const RESERVED_OFFSET = POLYMARKET_LIMIT_OFFSET + 4;
export const EXECUTION_REQUEST_BYTES = 2 * CACHE_LINE_BYTES;

const field = fieldsWrittenBy('detector');

export const EXECUTION_REQUEST_LAYOUT = defineLayout({
  name: 'Execution request',
  bytes: EXECUTION_REQUEST_BYTES,
  allocatedBy: 'runtime/memory.ts, records of the ring from a detector to an executor',
  fields: [
    field('arbId', ARB_ID_OFFSET, 8, 'f64', 'detector x 2^40 + count: unique in a run'),
    field(
      'receivedNs',
      RECEIVED_NS_OFFSET,
      8,
      'f64',
      'the later quote: its frame was handed to us; 0 when no frame caused the request',
    ),
    field('publishedNs', PUBLISHED_NS_OFFSET, 8, 'f64', 'the later quote was stored'),
    field('detectedNs', DETECTED_NS_OFFSET, 8, 'f64', 'the decision was made'),
    field('netMicros', NET_MICROS_OFFSET, 8, 'f64', 'payout - costs - fees, if both legs fill'),
    field('polymarketSpend', POLYMARKET_SPEND_OFFSET, 8, 'f64', 'micros of its leg: whole cents'),
    field('kalshiSpend', KALSHI_SPEND_OFFSET, 8, 'f64', 'micros of its leg at the prices seen'),
    field('reserved', FLOAT_RESERVED_OFFSET, 8, 'reserved', ''),
    field('pair', PAIR_OFFSET, 4, 'u32', 'index in the registry'),
    field('direction', DIRECTION_OFFSET, 4, 'u32', 'outcome bought on Kalshi: 0 YES, 1 NO'),
    field('sizeCenti', SIZE_CENTI_OFFSET, 4, 'u32', 'contracts of each leg, in 1/100'),
    field('kalshiLimitE4', KALSHI_LIMIT_OFFSET, 4, 'u32', 'worst price, of the outcome bought'),
    field(
      'polymarketLimitE4',
      POLYMARKET_LIMIT_OFFSET,
      4,
      'u32',
      'worst price, of the token bought',
    ),
    field('tail', RESERVED_OFFSET, EXECUTION_REQUEST_BYTES - RESERVED_OFFSET, 'reserved', ''),
  ],
});

export interface ExecutionRequest {
  arbId: number;
  receivedNs: number;
  publishedNs: number;
  detectedNs: number;
  netMicros: number;
  kalshiSpendMicros: number;
  polymarketSpendMicros: number;
  pair: number;
  direction: number;
  sizeCenti: number;
  kalshiLimitE4: number;
  polymarketLimitE4: number;
}

export function createExecutionRequest(): ExecutionRequest {
  return {
    arbId: 0,
    receivedNs: 0,
    publishedNs: 0,
    detectedNs: 0,
    netMicros: 0,
    kalshiSpendMicros: 0,
    polymarketSpendMicros: 0,
    pair: 0,
    direction: 0,
    sizeCenti: 0,
    kalshiLimitE4: 0,
    polymarketLimitE4: 0,
  };
}

/** @hot */
export function writeExecutionRequest(
  ring: SpscRing,
  record: number,
  request: ExecutionRequest,
): void {
  const { ints, floats } = ring;
  floats[(record + ARB_ID_OFFSET) / 8] = request.arbId;
  floats[(record + RECEIVED_NS_OFFSET) / 8] = request.receivedNs;
  floats[(record + PUBLISHED_NS_OFFSET) / 8] = request.publishedNs;
  floats[(record + DETECTED_NS_OFFSET) / 8] = request.detectedNs;
  floats[(record + NET_MICROS_OFFSET) / 8] = request.netMicros;
  floats[(record + POLYMARKET_SPEND_OFFSET) / 8] = request.polymarketSpendMicros;
  floats[(record + KALSHI_SPEND_OFFSET) / 8] = request.kalshiSpendMicros;
  ints[(record + PAIR_OFFSET) / 4] = request.pair;
  ints[(record + DIRECTION_OFFSET) / 4] = request.direction;
  ints[(record + SIZE_CENTI_OFFSET) / 4] = request.sizeCenti;
  ints[(record + KALSHI_LIMIT_OFFSET) / 4] = request.kalshiLimitE4;
  ints[(record + POLYMARKET_LIMIT_OFFSET) / 4] = request.polymarketLimitE4;
}

/** @hot */
export function readExecutionRequest(ring: SpscRing, record: number, out: ExecutionRequest): void {
  const { ints, floats } = ring;
  out.arbId = floats[(record + ARB_ID_OFFSET) / 8]!;
  out.receivedNs = floats[(record + RECEIVED_NS_OFFSET) / 8]!;
  out.publishedNs = floats[(record + PUBLISHED_NS_OFFSET) / 8]!;
  out.detectedNs = floats[(record + DETECTED_NS_OFFSET) / 8]!;
  out.netMicros = floats[(record + NET_MICROS_OFFSET) / 8]!;
  out.polymarketSpendMicros = floats[(record + POLYMARKET_SPEND_OFFSET) / 8]!;
  out.kalshiSpendMicros = floats[(record + KALSHI_SPEND_OFFSET) / 8]!;
  out.pair = ints[(record + PAIR_OFFSET) / 4]!;
  out.direction = ints[(record + DIRECTION_OFFSET) / 4]!;
  out.sizeCenti = ints[(record + SIZE_CENTI_OFFSET) / 4]!;
  out.kalshiLimitE4 = ints[(record + KALSHI_LIMIT_OFFSET) / 4]!;
  out.polymarketLimitE4 = ints[(record + POLYMARKET_LIMIT_OFFSET) / 4]!;
}
