import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDecimal, parseSignedDecimal } from '../../src/domain/decimal.js';
import { Ladder } from '../../src/domain/ladder.js';
import { PRICE_PLACES, SIZE_CENTI_PLACES } from '../../src/domain/units.js';

/** A ladder as a Map, and the same three operations on it. */
class ModelLadder {
  readonly sizes = new Map<number, number>();

  set(priceE4: number, sizeCenti: number): void {
    if (sizeCenti === 0) this.sizes.delete(priceE4);
    else this.sizes.set(priceE4, sizeCenti);
  }

  add(priceE4: number, deltaCenti: number): number {
    const sizeCenti = (this.sizes.get(priceE4) ?? 0) + deltaCenti;
    if (sizeCenti >= 0) this.set(priceE4, sizeCenti);
    return sizeCenti;
  }

  levels(): [number, number][] {
    return [...this.sizes].sort(([a], [b]) => a - b);
  }
}

function levelsOf(ladder: Ladder): [number, number][] {
  return Array.from({ length: ladder.count }, (_, at) => [
    ladder.pricesE4[at]!,
    ladder.sizesCenti[at]!,
  ]);
}

const price = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9_999 }));
const operation = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), price, size: fc.nat(3) }),
  fc.record({ kind: fc.constant('add' as const), price, size: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ kind: fc.constant('clear' as const), price, size: fc.constant(0) }),
);

describe('ladder', () => {
  test('does what a map of prices does', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300, size: 'max' }), (operations) => {
        const ladder = new Ladder();
        const model = new ModelLadder();
        for (const { kind, price: at, size } of operations) {
          if (kind === 'set') {
            ladder.set(at, size);
            model.set(at, size);
          } else if (kind === 'add') {
            expect(ladder.add(at, size)).toBe(model.add(at, size));
          } else if (at % 50 === 0) {
            ladder.clear();
            model.sizes.clear();
          }
          expect(ladder.sizeAt(at)).toBe(model.sizes.get(at) ?? 0);
        }
        const levels = model.levels();
        expect(levelsOf(ladder)).toEqual(levels);
        expect(ladder.bestPriceE4()).toBe(levels.at(-1)?.[0] ?? 0);
      }),
      { numRuns: 200 },
    );
  });

  test('holds every price there is, in whatever order they come', () => {
    const ladder = new Ladder();
    for (let n = 0; n <= 10_000; n++) ladder.set((n * 7_919) % 10_001, n + 1);
    expect(ladder.count).toBe(10_001);
    for (let at = 0; at <= 10_000; at++) {
      if (ladder.pricesE4[at] !== at) expect.fail(`price=${ladder.pricesE4[at]} at=${at}`);
    }
    for (let at = 0; at <= 10_000; at++) ladder.set(at, 0);
    expect(ladder.count).toBe(0);
  });
});

const RECORDED = resolve('../shared/data/recorded/kalshi-gold15m-ws');

interface RecordedBody {
  readonly yes_dollars_fp?: readonly (readonly [string, string])[];
  readonly no_dollars_fp?: readonly (readonly [string, string])[];
  readonly price_dollars?: string;
  readonly delta_fp?: string;
  readonly side?: 'yes' | 'no';
}

interface RecordedFrame {
  readonly type: string;
  readonly msg: RecordedBody;
}

/** The recorder wraps each frame. */
function frameOf(line: string): RecordedFrame {
  return (JSON.parse(line) as { readonly event: RecordedFrame }).event;
}

function load(ladder: Ladder, levels: RecordedBody['yes_dollars_fp']): void {
  ladder.clear();
  for (const [priceText, sizeText] of levels ?? []) {
    ladder.set(parseDecimal(priceText, PRICE_PLACES), parseDecimal(sizeText, SIZE_CENTI_PLACES));
  }
}

describe.skipIf(!existsSync(RECORDED))('recorded Kalshi market', () => {
  const files = existsSync(RECORDED)
    ? readdirSync(RECORDED).filter((name) => name.endsWith('.ndjson.gz'))
    : [];

  test.each(files)('%s replays without a level below zero or a crossed book', (name) => {
    const text = gunzipSync(readFileSync(resolve(RECORDED, name))).toString('utf8');
    const sides = { yes: new Ladder(), no: new Ladder() };
    const models = { yes: new ModelLadder(), no: new ModelLadder() };
    let deltas = 0;
    let crossed = 0;
    for (const line of text.split('\n')) {
      const frame = line === '' ? undefined : frameOf(line);
      if (frame?.type === 'orderbook_snapshot') {
        for (const side of ['yes', 'no'] as const) {
          const levels = frame.msg[`${side}_dollars_fp`];
          load(sides[side], levels);
          models[side].sizes.clear();
          for (const [p, s] of levels ?? [])
            models[side].set(parseDecimal(p, 4), parseDecimal(s, 2));
        }
      } else if (frame?.type === 'orderbook_delta') {
        const { side, price_dollars, delta_fp } = frame.msg;
        if (side === undefined || price_dollars === undefined || delta_fp === undefined) continue;
        const priceE4 = parseDecimal(price_dollars, PRICE_PLACES);
        const deltaCenti = parseSignedDecimal(delta_fp, SIZE_CENTI_PLACES);
        const size = sides[side].add(priceE4, deltaCenti);
        if (!(size >= 0)) expect.fail(`size=${size} line=${line}`);
        models[side].add(priceE4, deltaCenti);
        if (sides.yes.bestPriceE4() + sides.no.bestPriceE4() > 10_000) crossed++;
        deltas++;
      }
    }
    expect(deltas).toBeGreaterThan(100);
    expect(crossed).toBe(0);
    for (const side of ['yes', 'no'] as const) {
      expect(levelsOf(sides[side])).toEqual(models[side].levels());
    }
  });
});
