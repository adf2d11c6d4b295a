// How sure a ratio of two ways is that were measured in blocks, in turns. What disturbs one opening disturbs its block, so blocks are drawn,
// not samples (block bootstrap: Künsch 1989, Annals of Statistics 17).
import { Rng } from '../src/sim/market/rng.js';
import { quantile } from './quantiles.js';

/** A figure, and between what it lies in 95 of 100 draws. */
export interface Interval {
  readonly of: number;
  readonly from: number;
  readonly to: number;
}

const DRAWS = 1_000;
const SIDE = 0.025;
const SEED = 1;

/** Of the rank of all of `own` samples to that of all of `base`; a list a block. `rank` from 0 to 1. The same blocks give the same interval. */
export function ratioInterval(
  own: readonly (readonly number[])[],
  base: readonly (readonly number[])[],
  rank: number,
): Interval {
  const rng = new Rng(SEED);
  const at = (blocks: readonly (readonly number[])[]) =>
    quantile(Float64Array.from(blocks.flat()).sort(), rank);
  const draw = (blocks: readonly (readonly number[])[]) =>
    blocks.map(() => blocks[rng.uint32() % blocks.length]!);
  const ratios = Float64Array.from({ length: DRAWS }, () => at(draw(own)) / at(draw(base))).sort();
  return {
    of: at(own) / at(base),
    from: quantile(ratios, SIDE),
    to: quantile(ratios, 1 - SIDE),
  };
}
