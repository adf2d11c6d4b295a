// Which pairs have an arbitrage under way: the detector counts what it fires, the main thread what is settled, and a pair whose
// counts differ is in flight and not fired again.
import { defineLayout } from './layout.js';

//   0          4          8          12         16
//   +----------+----------+----------+----------+
//   | fired    | settled  | held     | unwritten|
//   +----------+----------+----------+----------+
const FIRED_OFFSET = 0;
const SETTLED_OFFSET = FIRED_OFFSET + 4;
const HELD_OFFSET = SETTLED_OFFSET + 4;
const UNWRITTEN_OFFSET = HELD_OFFSET + 4;
const SLOT_BYTES = UNWRITTEN_OFFSET + 4;

const wordField = (
  name: string,
  offset: number,
  type: string,
  writer: string,
  meaning: string,
) => ({
  name,
  offset,
  bytes: 4,
  type,
  writer,
  meaning,
});

export const FLIGHT_SLOT_LAYOUT = defineLayout({
  name: 'Flight slot',
  bytes: SLOT_BYTES,
  allocatedBy: 'runtime/memory.ts, one a pair',
  fields: [
    wordField('fired', FIRED_OFFSET, 'u32', 'detector', 'arbitrages fired on the pair; wraps'),
    wordField(
      'settled',
      SETTLED_OFFSET,
      'u32',
      'main',
      'arbitrages of the pair whose both legs are known and whose rest is over; wraps',
    ),
    wordField(
      'held',
      HELD_OFFSET,
      'u32',
      'main',
      '1: not fired at all until the main thread lifts it',
    ),
    wordField(
      'unwritten',
      UNWRITTEN_OFFSET,
      'u32',
      'main',
      '`fired` of the newest arbitrage of which no order was written: its quotes are untouched',
    ),
  ],
});

export class FlightTable {
  readonly #ints: Uint32Array;

  static bytes(pairs: number): number {
    return pairs * SLOT_BYTES;
  }

  constructor(memory: SharedArrayBuffer) {
    this.#ints = new Uint32Array(memory);
  }

  /** @hot */
  isInFlight(pair: number): boolean {
    const base = (pair * SLOT_BYTES) / 4;
    return (
      Atomics.load(this.#ints, base + FIRED_OFFSET / 4) !==
      Atomics.load(this.#ints, base + SETTLED_OFFSET / 4)
    );
  }

  /** @hot */
  isHeld(pair: number): boolean {
    return Atomics.load(this.#ints, (pair * SLOT_BYTES + HELD_OFFSET) / 4) === 1;
  }

  /** Detector: before the request is published. @hot */
  fire(pair: number): void {
    const at = (pair * SLOT_BYTES + FIRED_OFFSET) / 4;
    Atomics.store(this.#ints, at, this.#ints[at]! + 1);
  }

  /** True when no order of the pair's newest arbitrage has left, also when it never had one. @hot */
  wasUnwritten(pair: number): boolean {
    const base = (pair * SLOT_BYTES) / 4;
    return (
      Atomics.load(this.#ints, base + FIRED_OFFSET / 4) ===
      Atomics.load(this.#ints, base + UNWRITTEN_OFFSET / 4)
    );
  }

  /** Main: the pair may be fired again. `wasWritten` is false when no order of its arbitrage left. */
  settle(pair: number, wasWritten = true): void {
    const base = (pair * SLOT_BYTES) / 4;
    if (!wasWritten) {
      const fired = Atomics.load(this.#ints, base + FIRED_OFFSET / 4);
      Atomics.store(this.#ints, base + UNWRITTEN_OFFSET / 4, fired);
    }
    const at = (pair * SLOT_BYTES + SETTLED_OFFSET) / 4;
    Atomics.store(this.#ints, at, this.#ints[at]! + 1);
  }

  /** Main: keeps a pair from being fired, or lets it go. */
  hold(pair: number, held: boolean): void {
    Atomics.store(this.#ints, (pair * SLOT_BYTES + HELD_OFFSET) / 4, held ? 1 : 0);
  }
}
