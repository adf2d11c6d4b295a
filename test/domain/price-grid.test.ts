import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  gridPrices,
  isOnGrid,
  isPriceGrid,
  type PriceGrid,
  tickGrid,
} from '../../src/domain/price-grid.js';

const split = (edgeE4: number, edgeStepE4: number, centreStepE4: number): PriceGrid => [
  { startE4: 0, endE4: edgeE4, stepE4: edgeStepE4 },
  { startE4: edgeE4, endE4: 10_000 - edgeE4, stepE4: centreStepE4 },
  { startE4: 10_000 - edgeE4, endE4: 10_000, stepE4: edgeStepE4 },
];
const whole = (stepE4: number): PriceGrid => [{ startE4: 0, endE4: 10_000, stepE4 }];

/** The structures of kalshi-api.md 4.3, with the step that an exact reading of the table gives at a price. */
const STRUCTURES: Readonly<Record<string, readonly [PriceGrid, (priceE4: number) => number]>> = {
  linear_cent: [whole(100), () => 100],
  deci_cent: [whole(10), () => 10],
  center_centi_edge_centi_cent: [whole(1), () => 1],
  center_half_edge_half_cent: [whole(50), () => 50],
  center_quint_edge_quint_cent: [whole(20), () => 20],
  tapered_deci_cent: [split(1_000, 10, 100), (p) => (p < 1_000 || p > 9_000 ? 10 : 100)],
  center_whole_edge_half_cent: [split(1_000, 50, 100), (p) => (p < 1_000 || p > 9_000 ? 50 : 100)],
  center_whole_edge_quint_cent: [split(1_000, 20, 100), (p) => (p < 1_000 || p > 9_000 ? 20 : 100)],
  center_half_edge_quint_cent: [split(1_000, 20, 50), (p) => (p < 1_000 || p > 9_000 ? 20 : 50)],
  center_half_edge_deci_cent: [split(1_000, 10, 50), (p) => (p < 1_000 || p > 9_000 ? 10 : 50)],
  center_quint_edge_deci_cent: [split(1_000, 10, 20), (p) => (p < 1_000 || p > 9_000 ? 10 : 20)],
  center_deci_edge_centi_cent: [split(100, 1, 10), (p) => (p < 100 || p > 9_900 ? 1 : 10)],
};

describe('price grid', () => {
  test.each(Object.entries(STRUCTURES))('of %s holds its steps and nothing else', (_name, of) => {
    const [grid, stepAt] = of;
    expect(isPriceGrid(grid)).toBe(true);
    const wanted: number[] = [];
    for (let price = 1; price < 10_000; price++)
      if (price % stepAt(price) === 0) wanted.push(price);
    expect(gridPrices(grid)).toEqual(wanted);
  });

  test('never holds a price that no order may carry', () => {
    const wild = fc.oneof(
      fc.constantFrom(0, 10_000, -1, Number.NaN, 10_100, -100),
      fc.double().filter((price) => !Number.isInteger(price)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(STRUCTURES)), wild, ([grid], price) => {
        expect(isOnGrid(grid, price)).toBe(false);
      }),
    );
  });

  test.each([1_000, 100, 50, 25, 10, 1])('of tick %i runs from the tick to 1 - tick', (tickE4) => {
    const prices = gridPrices(tickGrid(tickE4));
    expect(isPriceGrid(tickGrid(tickE4))).toBe(true);
    expect(prices).toHaveLength(10_000 / tickE4 - 1);
    expect(prices[0]).toBe(tickE4);
    expect(prices.at(-1)).toBe(10_000 - tickE4);
  });

  test.each<[string, PriceGrid]>([
    ['no range', []],
    ['a step of nothing', [{ startE4: 0, endE4: 10_000, stepE4: 0 }]],
    ['a range that ends before it starts', [{ startE4: 500, endE4: 400, stepE4: 100 }]],
    ['a range beyond $1', [{ startE4: 0, endE4: 10_100, stepE4: 100 }]],
    ['a range below $0', [{ startE4: -100, endE4: 10_000, stepE4: 100 }]],
    ['an end off its own steps', [{ startE4: 0, endE4: 10_000, stepE4: 300 }]],
    ['fractions', [{ startE4: 0, endE4: 10_000, stepE4: 0.5 }]],
    ['ranges that overlap', [...whole(100), ...whole(100)]],
  ])('is refused with %s', (_name, grid) => {
    expect(isPriceGrid(grid)).toBe(false);
  });
});
