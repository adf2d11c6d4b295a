// Which pairs have an arbitrage under way: the detector counts what it fires, the main thread what is settled, and a pair whose
// counts differ is in flight and not fired again.
import { defineLayout } from './layout.js';

//   0          4          8          12         16            24            32
//   +----------+----------+----------+----------+-------------+-------------+
//   | fired    | reserved | settled  | held     | settledNs   | reserved    |
//   +----------+----------+----------+----------+-------------+-------------+
const FIRED_OFFSET = 0;
const RESERVED_OFFSET = FIRED_OFFSET + 4;
const SETTLED_OFFSET = RESERVED_OFFSET + 4;
const HELD_OFFSET = SETTLED_OFFSET + 4;
const SETTLED_NS_OFFSET = HELD_OFFSET + 4;
const TAIL_RESERVED_OFFSET = SETTLED_NS_OFFSET + 8;
const SLOT_BYTES = 32;

export const FLIGHT_SLOT_LAYOUT = defineLayout({
  name: 'Flight slot',
  bytes: SLOT_BYTES,
  allocatedBy: 'runtime/memory.ts, one a pair',
  fields: [
    {
      name: 'fired',
      offset: FIRED_OFFSET,
      bytes: 4,
      type: 'u32',
      writer: 'detector',
      meaning: 'arbitrages fired on the pair; wraps',
    },
    {
      name: 'reserved',
      offset: RESERVED_OFFSET,
      bytes: 4,
      type: 'reserved',
      writer: 'nobody',
      meaning: '',
    },
    {
      name: 'settled',
      offset: SETTLED_OFFSET,
      bytes: 4,
      type: 'u32',
      writer: 'main',
      meaning: 'arbitrages of the pair whose both legs are known; wraps',
    },
    {
      name: 'held',
      offset: HELD_OFFSET,
      bytes: 4,
      type: 'u32',
      writer: 'main',
      meaning: '1: the pair is not fired at all, until the main thread lifts it',
    },
    {
      name: 'settledNs',
      offset: SETTLED_NS_OFFSET,
      bytes: 8,
      type: 'f64',
      writer: 'main',
      meaning: 'when the last one settled',
    },
    {
      name: 'tail',
      offset: TAIL_RESERVED_OFFSET,
      bytes: 8,
      type: 'reserved',
      writer: 'nobody',
      meaning: '',
    },
  ],
});

export class FlightTable {
  readonly #ints: Uint32Array;
  readonly #floats: Float64Array;

  static bytes(pairs: number): number {
    return pairs * SLOT_BYTES;
  }

  constructor(memory: SharedArrayBuffer) {
    this.#ints = new Uint32Array(memory);
    this.#floats = new Float64Array(memory);
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

  settledNs(pair: number): number {
    return this.#floats[(pair * SLOT_BYTES + SETTLED_NS_OFFSET) / 8]!;
  }

  /** Detector: before the request is published. @hot */
  fire(pair: number): void {
    const at = (pair * SLOT_BYTES + FIRED_OFFSET) / 4;
    Atomics.store(this.#ints, at, this.#ints[at]! + 1);
  }

  /** Detector: the request could not be handed over, so nothing is under way. */
  takeBack(pair: number): void {
    const at = (pair * SLOT_BYTES + FIRED_OFFSET) / 4;
    Atomics.store(this.#ints, at, this.#ints[at]! - 1);
  }

  /** Main: both legs of an arbitrage are known. */
  settle(pair: number, nowNs: number): void {
    this.#floats[(pair * SLOT_BYTES + SETTLED_NS_OFFSET) / 8] = nowNs;
    const at = (pair * SLOT_BYTES + SETTLED_OFFSET) / 4;
    Atomics.store(this.#ints, at, this.#ints[at]! + 1);
  }

  /** Main: keeps a pair from being fired, or lets it go. */
  hold(pair: number, held: boolean): void {
    Atomics.store(this.#ints, (pair * SLOT_BYTES + HELD_OFFSET) / 4, held ? 1 : 0);
  }
}
