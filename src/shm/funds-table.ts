// How much each detector may commit on each exchange: a running grant that the main thread only ever raises or lowers by what it
// learns, beside which the detector counts what it has committed. Two writers, two words, no lock.
import { defineLayout } from './layout.js';

//   0                 8 x exchanges
//   +-----------------+
//   | grantMicros ... |
//   +-----------------+
const VENUES = 2;
const SLOT_BYTES = VENUES * 8;

export const FUNDS_SLOT_LAYOUT = defineLayout({
  name: 'Funds slot',
  bytes: SLOT_BYTES,
  allocatedBy: 'runtime/memory.ts, one a detector',
  fields: [
    {
      name: 'grantMicros',
      offset: 0,
      bytes: SLOT_BYTES,
      type: 'f64[2]',
      writer: 'main',
      meaning: 'all that the detector may have committed since the start, Kalshi then Polymarket',
    },
  ],
});

export class FundsTable {
  readonly #grants: Float64Array;

  static bytes(detectors: number): number {
    return detectors * SLOT_BYTES;
  }

  constructor(memory: SharedArrayBuffer) {
    this.#grants = new Float64Array(memory);
  }

  /** @hot */
  grantMicros(detector: number, venue: number): number {
    return this.#grants[detector * VENUES + venue]!;
  }

  /** Main: more money is free, or less (negative). */
  grant(detector: number, venue: number, micros: number): void {
    this.#grants[detector * VENUES + venue]! += micros;
  }
}
