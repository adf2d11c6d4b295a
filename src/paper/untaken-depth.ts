// Depth as it would be displayed had the paper orders been real: what they took is not there. Detectors and whoever evens out read it in
// the place of the real one, so that nothing is fired at what is gone.
import { type DepthLevels, DepthTable } from '../shm/depth-table.js';
import { TAKEN_LEVELS, TakenTable } from '../shm/taken-table.js';

/** Where both tables are; `taken` has no bytes where orders are real. */
export interface DepthMemory {
  readonly depth: SharedArrayBuffer;
  readonly taken: SharedArrayBuffer;
}

/** The depth that orders are sized on. */
export function openDepth({ depth, taken }: DepthMemory): DepthTable {
  return taken.byteLength === 0 ? new DepthTable(depth) : new UntakenDepth(depth, taken);
}

class UntakenDepth extends DepthTable {
  readonly #taken: TakenTable;
  readonly #levels = {
    pricesE4: new Int32Array(TAKEN_LEVELS),
    sizesCenti: new Float64Array(TAKEN_LEVELS),
    count: 0,
  };

  constructor(depth: SharedArrayBuffer, taken: SharedArrayBuffer) {
    super(depth);
    this.#taken = new TakenTable(taken);
  }

  override read(record: number, outcome: number, out: DepthLevels): boolean {
    if (!super.read(record, outcome, out)) return false;
    if (!this.#taken.read(record, outcome, this.#levels)) return false;
    if (this.#levels.count === 0) return true;
    let kept = 0;
    for (let level = 0; level < out.count; level++) {
      const priceE4 = out.pricesE4[level]!;
      const leftCenti = out.sizesCenti[level]! - this.#takenCenti(priceE4);
      if (leftCenti <= 0) continue;
      out.pricesE4[kept] = priceE4;
      out.sizesCenti[kept] = leftCenti;
      kept++;
    }
    out.count = kept;
    return true;
  }

  #takenCenti(priceE4: number): number {
    const { pricesE4, sizesCenti, count } = this.#levels;
    for (let level = 0; level < count; level++) {
      if (pricesE4[level] === priceE4) return sizesCenti[level]!;
    }
    return 0;
  }
}
