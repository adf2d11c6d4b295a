import { describe, expect, it } from 'vitest';
import { Ladder } from '../../src/domain/ladder.js';
import { createAskLevels } from '../../src/domain/sizing.js';
import { PAYOUT_E4 } from '../../src/domain/units.js';
import { NO, YES } from '../../src/domain/venue.js';
import { openDepth } from '../../src/paper/untaken-depth.js';
import { DEPTH_LEVELS, DepthTable } from '../../src/shm/depth-table.js';
import { TAKEN_LEVELS, TakenTable } from '../../src/shm/taken-table.js';

const SLOTS = 2;
const SLOT = 1;

function setUp() {
  const depth = new SharedArrayBuffer(DepthTable.bytes(SLOTS));
  const taken = new SharedArrayBuffer(TakenTable.bytes(SLOTS));
  const asks = new Ladder();
  asks.set(PAYOUT_E4 - 4_000, 500);
  asks.set(PAYOUT_E4 - 4_100, 700);
  new DepthTable(depth).publish(SLOT, asks, asks, PAYOUT_E4);
  return { memory: { depth, taken }, table: new TakenTable(taken) };
}

function read(memory: { depth: SharedArrayBuffer; taken: SharedArrayBuffer }, outcome = YES) {
  const out = createAskLevels(DEPTH_LEVELS);
  if (!openDepth(memory).read(SLOT, outcome, out)) return undefined;
  return Array.from({ length: out.count }, (_, at) => [out.pricesE4[at], out.sizesCenti[at]]);
}

describe('depth less what was taken', () => {
  it('is what is displayed while nothing is taken', () => {
    expect(read(setUp().memory)).toEqual([
      [4_000, 500],
      [4_100, 700],
    ]);
  });

  it('has no level that is taken whole, and less of one that is taken in part', () => {
    const { memory, table } = setUp();
    table.publish(SLOT, YES, [
      { priceE4: 4_000, sizeCenti: 600 },
      { priceE4: 4_100, sizeCenti: 100 },
    ]);
    expect(read(memory)).toEqual([[4_100, 600]]);
    expect(read(memory, NO)).toHaveLength(2);
    table.publish(SLOT, YES, []);
    expect(read(memory)).toHaveLength(2);
  });

  it('cannot be read when more is taken than can be told', () => {
    const { memory, table } = setUp();
    const levels = Array.from({ length: TAKEN_LEVELS + 1 }, (_, at) => ({
      priceE4: 100 + at,
      sizeCenti: 1,
    }));
    table.publish(SLOT, YES, levels);
    expect(read(memory)).toBeUndefined();
  });

  it('is the plain table where orders are real', () => {
    const { memory } = setUp();
    const real = openDepth({ depth: memory.depth, taken: new SharedArrayBuffer(0) });
    expect(real.constructor).toBe(DepthTable);
  });
});
