// What stands between a decision and a socket write, for all threads to read: the kill word, how the account does, and the limits,
// which may change while the engine runs. It keeps numbers; what they forbid is the risk gate's to say.
import { CACHE_LINE_BYTES, defineLayout, fieldsWrittenBy, wholeLines } from './layout.js';

//   0            64         72            80             128              256
//   +------------+----------+-------------+--------------+----------------+
//   | kill level | failures | nakedMicros | dayPnlMicros | limits, f64 ...|
//   +------------+----------+-------------+--------------+----------------+
const KILL_OFFSET = 0;
const FAILURES_OFFSET = KILL_OFFSET + CACHE_LINE_BYTES;
const FAILURES_RESERVED_OFFSET = FAILURES_OFFSET + 4;
const NAKED_OFFSET = FAILURES_RESERVED_OFFSET + 4;
const DAY_PNL_OFFSET = NAKED_OFFSET + 8;
const STATE_RESERVED_OFFSET = DAY_PNL_OFFSET + 8;
const LIMITS_OFFSET = FAILURES_OFFSET + CACHE_LINE_BYTES;

/** Every limit, in the order of its word. All are above 0: a word that nobody has written is 0, and refuses. */
export const RISK_LIMITS = [
  'maxOrderSizeCenti',
  'maxOrderCostMicros',
  'maxDailyLossMicros',
  'maxConsecutiveFailures',
  'maxNakedMicros',
  'maxClockSkewMs',
  'minMsToClose',
  'minPriceE4',
  'maxPriceE4',
] as const;
export type RiskLimit = (typeof RISK_LIMITS)[number];

const LIMIT_MEANINGS: Readonly<Record<RiskLimit, string>> = {
  maxOrderSizeCenti: 'most contracts of one leg, in 1/100',
  maxOrderCostMicros: 'most that both legs together cost, without fees',
  maxDailyLossMicros: 'loss of the UTC day at which nothing more is opened',
  maxConsecutiveFailures: 'failures in a row at which nothing more is opened',
  maxNakedMicros: 'open naked exposure at which nothing more is opened',
  maxClockSkewMs: "most that either exchange's clock may differ from ours",
  minMsToClose: "least time to the market's close",
  minPriceE4: 'lowest limit price of a leg, 1/10,000 dollar',
  maxPriceE4: 'highest limit price of a leg, 1/10,000 dollar',
};

const LIMIT_BYTES = 8;
const LIMITS_END = LIMITS_OFFSET + RISK_LIMITS.length * LIMIT_BYTES;
const TABLE_BYTES = wholeLines(LIMITS_END);

const byMain = fieldsWrittenBy('main');

export const RISK_TABLE_LAYOUT = defineLayout({
  name: 'Risk table',
  bytes: TABLE_BYTES,
  allocatedBy: 'runtime/memory.ts, one an engine',
  fields: [
    byMain(
      'killLevel',
      KILL_OFFSET,
      CACHE_LINE_BYTES,
      'u32 on its own line',
      '0 armed, 1 nothing new is opened, 2 no order leaves; anything else is read as 2',
    ),
    byMain('failures', FAILURES_OFFSET, 4, 'u32', 'arbitrages in a row that failed'),
    byMain('failuresReserved', FAILURES_RESERVED_OFFSET, 4, 'reserved', ''),
    byMain('nakedMicros', NAKED_OFFSET, 8, 'f64', 'cost of contracts without their other leg'),
    byMain('dayPnlMicros', DAY_PNL_OFFSET, 8, 'f64', 'P&L since 00:00 UTC; a loss is below 0'),
    byMain(
      'stateReserved',
      STATE_RESERVED_OFFSET,
      LIMITS_OFFSET - STATE_RESERVED_OFFSET,
      'reserved',
      '',
    ),
    ...RISK_LIMITS.map((name, at) =>
      byMain(name, LIMITS_OFFSET + at * LIMIT_BYTES, LIMIT_BYTES, 'f64', LIMIT_MEANINGS[name]),
    ),
    byMain('limitsReserved', LIMITS_END, TABLE_BYTES - LIMITS_END, 'reserved', ''),
  ],
});

const LIMIT_WORDS = Object.fromEntries(
  RISK_LIMITS.map((name, at) => [name, (LIMITS_OFFSET + at * LIMIT_BYTES) / 8]),
) as Readonly<Record<RiskLimit, number>>;

/** 0: orders may leave. */
export const ARMED = 0;
/** 1: nothing new is opened; what is naked may still be evened out. */
export const STOP_OPENING = 1;
/** 2: not one order leaves. */
export const STOP_EVERYTHING = 2;
export type KillLevel = typeof ARMED | typeof STOP_OPENING | typeof STOP_EVERYTHING;

/** The f64 words are single aligned loads and stores; the kill word alone orders threads, and it alone is atomic. */
export class RiskTable {
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;

  static bytes(): number {
    return TABLE_BYTES;
  }

  constructor(memory: SharedArrayBuffer) {
    this.#ints = new Int32Array(memory);
    this.#floats = new Float64Array(memory);
  }

  /** The word itself: a KillLevel, unless something is broken. @hot */
  killLevel(): number {
    return Atomics.load(this.#ints, KILL_OFFSET / 4);
  }

  /** Main: the next write that any thread is about to make goes by this. Wakes whoever waits for the word. */
  kill(level: KillLevel): void {
    Atomics.store(this.#ints, KILL_OFFSET / 4, level);
    Atomics.notify(this.#ints, KILL_OFFSET / 4);
  }

  /** @hot */
  consecutiveFailures(): number {
    return this.#ints[FAILURES_OFFSET / 4]! >>> 0;
  }

  setConsecutiveFailures(failures: number): void {
    this.#ints[FAILURES_OFFSET / 4] = failures;
  }

  /** @hot */
  nakedMicros(): number {
    return this.#floats[NAKED_OFFSET / 8]!;
  }

  setNakedMicros(micros: number): void {
    this.#floats[NAKED_OFFSET / 8] = micros;
  }

  /** Of the UTC day; a loss is below 0. @hot */
  dayPnlMicros(): number {
    return this.#floats[DAY_PNL_OFFSET / 8]!;
  }

  setDayPnlMicros(micros: number): void {
    this.#floats[DAY_PNL_OFFSET / 8] = micros;
  }

  /** 0 while nobody has set it. @hot */
  limit(name: RiskLimit): number {
    return this.#floats[LIMIT_WORDS[name]]!;
  }

  /** Main. Throws RangeError for what is not above 0; Infinity is no limit. */
  setLimit(name: RiskLimit, value: number): void {
    if (!(value > 0)) throw new RangeError(`a limit is above 0: limit=${name} value=${value}`);
    this.#floats[LIMIT_WORDS[name]] = value;
  }
}
