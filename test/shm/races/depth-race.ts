// A feed that publishes ladders whose every number follows from the publication's, and readers that check it.
import { Ladder } from '../../../src/domain/ladder.js';
import { DEPTH_LEVELS, type DepthLevels, DepthTable } from '../../../src/shm/depth-table.js';
import { announceEnd, awaitStart, ENDED_WORD, type RaceInput, type Tally } from './role.js';

const WHOLE_E4 = 10_000;
const MOST_LEVELS = DEPTH_LEVELS;

/** Publication n has 1 + n % 15 levels; the size of level i is n + i and its price (n + i) mod 8192. */
export function depthWriter(input: RaceInput): Tally {
  const table = new DepthTable(input.memory);
  const side = {
    pricesE4: new Int32Array(MOST_LEVELS),
    sizesCenti: new Float64Array(MOST_LEVELS),
    count: 0,
    changedFrom: 0,
    changedTo: MOST_LEVELS,
    published: () => undefined,
  };
  awaitStart(input);
  for (let n = 1; n <= input.operations; n++) {
    side.count = 1 + (n % MOST_LEVELS);
    for (let level = 0; level < side.count; level++) {
      const at = side.count - 1 - level;
      side.pricesE4[at] = WHOLE_E4 - ((n + level) & 8191);
      side.sizesCenti[at] = n + level;
    }
    table.publish(0, side, side, WHOLE_E4);
  }
  announceEnd(input);
  return { published: input.operations };
}

export function depthReader(input: RaceInput): Tally {
  const table = new DepthTable(input.memory);
  const gate = new Int32Array(input.gate);
  const levels: DepthLevels = {
    pricesE4: new Int32Array(DEPTH_LEVELS),
    sizesCenti: new Float64Array(DEPTH_LEVELS),
    count: 0,
  };
  let whole = 0;
  let mixed = 0;
  let wentBack = 0;
  let gaveUp = 0;
  let newest = 0;
  awaitStart(input);
  for (let look = 0; Atomics.load(gate, ENDED_WORD) === 0; look++) {
    if (!table.read(0, look & 1, levels)) {
      gaveUp++;
      continue;
    }
    const n = levels.sizesCenti[0]!;
    if (levels.count === 0) continue;
    let related = levels.count === 1 + (n % MOST_LEVELS);
    for (let level = 0; level < levels.count; level++) {
      if (
        levels.sizesCenti[level] !== n + level ||
        levels.pricesE4[level] !== ((n + level) & 8191)
      ) {
        related = false;
      }
    }
    if (!related) mixed++;
    else if (n < newest) wentBack++;
    else {
      newest = n;
      whole++;
    }
  }
  return { whole, mixed, wentBack, gaveUp };
}

/** One size changes at a time, the level below next: at publication n level i has the newest number so far that is i mod 15. */
export function sizeWriter(input: RaceInput): Tally {
  const table = new DepthTable(input.memory);
  const side = new Ladder();
  const other = new Ladder();
  const priceOf = (level: number) => (MOST_LEVELS - level) * 100;
  for (let level = 0; level < MOST_LEVELS; level++) side.set(priceOf(level), MOST_LEVELS + level);
  table.publish(0, side, other, WHOLE_E4);
  awaitStart(input);
  for (let n = 2 * MOST_LEVELS; n < input.operations; n++) {
    side.set(priceOf(n % MOST_LEVELS), n);
    table.publish(0, side, other, WHOLE_E4);
  }
  announceEnd(input);
  return { published: input.operations };
}

export function sizeReader(input: RaceInput): Tally {
  const table = new DepthTable(input.memory);
  const gate = new Int32Array(input.gate);
  const levels: DepthLevels = {
    pricesE4: new Int32Array(DEPTH_LEVELS),
    sizesCenti: new Float64Array(DEPTH_LEVELS),
    count: 0,
  };
  const tally = { whole: 0, mixed: 0, wentBack: 0, gaveUp: 0 };
  let newest = 0;
  awaitStart(input);
  while (Atomics.load(gate, ENDED_WORD) === 0) {
    if (!table.read(0, 0, levels)) {
      tally.gaveUp++;
      continue;
    }
    const n = Math.max(...levels.sizesCenti);
    const isWhole = levels.sizesCenti.every(
      (size, level) => size % MOST_LEVELS === level && size > n - MOST_LEVELS,
    );
    if (levels.count !== MOST_LEVELS || !isWhole) tally.mixed++;
    else if (n < newest) tally.wentBack++;
    else {
      newest = n;
      tally.whole++;
    }
  }
  return tally;
}
