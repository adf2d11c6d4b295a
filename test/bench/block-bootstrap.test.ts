// A statement about noise is only worth something if it is right as often as it says: over many made-up runs of which the truth is known.
import { describe, expect, it } from 'vitest';
import { ratioInterval } from '../../bench/block-bootstrap.js';
import { Rng } from '../../src/sim/market/rng.js';

const RUNS = 60;
const BLOCKS = 8;
const SAMPLES = 16;
/** Whole blocks differ as well as samples, as on a machine that is busy now and then. */
const BLOCK_SIGMA = 0.1;
const SAMPLE_SIGMA = 0.5;

describe('an interval of a ratio', () => {
  it.each([1, 1.3])('has the true ratio of medians in it as often as it should: %d', (truth) => {
    const rng = new Rng(truth);
    const hits = Array.from({ length: RUNS }, () => {
      const { from, to } = ratioInterval(blocksOf(rng, truth), blocksOf(rng, 1), 0.5);
      return from <= truth && truth <= to;
    }).filter(Boolean).length;
    // With few blocks the bootstrap is somewhat too sure of itself: some 90 instead of 95 of 100.
    expect(hits / RUNS).toBeGreaterThan(0.8);
  });

  it('is not so wide that a difference of four times its noise goes unseen', () => {
    const rng = new Rng('wide');
    const seen = Array.from(
      { length: RUNS },
      () => ratioInterval(blocksOf(rng, 1.5), blocksOf(rng, 1), 0.5).from > 1,
    ).filter(Boolean).length;
    expect(seen / RUNS).toBeGreaterThan(0.9);
  });

  it('is the same for the same blocks, and none is wider than what was measured', () => {
    const rng = new Rng('same');
    const [own, base] = [blocksOf(rng, 1), blocksOf(rng, 1)];
    expect(ratioInterval(own, base, 0.99)).toEqual(ratioInterval(own, base, 0.99));
    expect(ratioInterval([[4, 4]], [[2, 2]], 0.99)).toEqual({ of: 2, from: 2, to: 2 });
  });
});

function blocksOf(rng: Rng, scale: number): number[][] {
  return Array.from({ length: BLOCKS }, () => {
    const level = rng.logNormal(scale, BLOCK_SIGMA);
    return Array.from({ length: SAMPLES }, () => rng.logNormal(level, SAMPLE_SIGMA));
  });
}
