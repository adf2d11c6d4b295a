import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Direction } from '../../src/domain/venue.js';
import type { AskSpan, Episode } from '../../src/sim/market/truth.js';
import { type Detection, RECALL_LIFE_US, scoreDetections } from '../../src/sim/score.js';

/** Episodes of some books, in order and apart, each with spans that cover its life. */
const episodes: fc.Arbitrary<Episode[]> = fc
  .array(
    fc.record({
      pair: fc.integer({ min: 0, max: 2 }),
      direction: fc.constantFrom<Direction>(0, 1),
      gapUs: fc.integer({ min: 1, max: 100_000 }),
      spans: fc.array(
        fc.tuple(
          fc.integer({ min: 1, max: 60_000 }),
          fc.integer({ min: 40, max: 43 }),
          fc.integer({ min: 40, max: 43 }),
        ),
        { minLength: 1, maxLength: 4 },
      ),
      endedBy: fc.constantFrom('market' as const, 'taker' as const),
    }),
    { maxLength: 12 },
  )
  .map((drawn) => {
    let us = 0;
    return drawn.map(({ pair, direction, gapUs, spans, endedBy }): Episode => {
      us += gapUs;
      const openUs = us;
      const prices = spans.map(([lengthUs, kalshi, polymarket]): AskSpan => {
        const fromUs = us;
        us += lengthUs;
        return [fromUs, us, kalshi * 100, polymarket * 100];
      });
      return {
        pair,
        direction,
        openUs,
        closeUs: us,
        bestNetMicros: 1,
        bestSizeCenti: 500,
        endedBy,
        prices,
        firstTakesUs: [null, null],
      };
    });
  });
const detections: fc.Arbitrary<Detection[]> = fc.array(
  fc.record({
    pair: fc.integer({ min: 0, max: 2 }),
    direction: fc.constantFrom<Direction>(0, 1),
    kalshiAskE4: fc.integer({ min: 40, max: 43 }).map((cents) => cents * 100),
    polymarketAskE4: fc.integer({ min: 40, max: 43 }).map((cents) => cents * 100),
    atUs: fc.integer({ min: 0, max: 1_200_000 }),
  }),
  { maxLength: 30 },
);

/** One detection at a random moment of each episode: the prices that stood then, seen a little later. */
function seeAll(list: readonly Episode[], delayUs: number): Detection[] {
  return list.map(({ pair, direction, prices }) => {
    const [, toUs, kalshiAskE4, polymarketAskE4] = prices.at(-1)!;
    return { pair, direction, kalshiAskE4, polymarketAskE4, atUs: toUs! + delayUs };
  });
}

describe('score', () => {
  it('agrees with asking every episode about every detection', () => {
    fc.assert(
      fc.property(
        episodes,
        detections,
        fc.integer({ min: 0, max: 50_000 }),
        (list, seen, toleranceUs) => {
          const hits = (
            episode: Episode,
            { pair, direction, kalshiAskE4, polymarketAskE4, atUs }: Detection,
          ) =>
            episode.pair === pair &&
            episode.direction === direction &&
            episode.prices.some(
              ([from, to, k, p]) =>
                k === kalshiAskE4 &&
                p === polymarketAskE4 &&
                from <= atUs &&
                to! >= atUs - toleranceUs,
            );
          const detected = list.filter((one) => seen.some((each) => hits(one, each)));
          const wrong = seen.filter((each) => !list.some((one) => hits(one, each)));
          const lived = list.filter(({ openUs, closeUs }) => closeUs! - openUs >= RECALL_LIFE_US);
          const score = scoreDetections(list, seen, { toleranceUs });
          expect(score).toMatchObject({
            truth: list.length,
            detected: detected.length,
            false: wrong.length,
            falseDetections: wrong,
            takenByUs: detected.filter(({ endedBy }) => endedBy === 'taker').length,
            recall50ms: {
              lived: lived.length,
              detected: lived.filter((one) => detected.includes(one)).length,
            },
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('finds all and nothing false when everything was seen in time, and all false when too late', () => {
    fc.assert(
      fc.property(episodes, (list) => {
        const inTime = scoreDetections(list, seeAll(list, 5_000), { toleranceUs: 5_000 });
        expect(inTime).toMatchObject({ detected: list.length, false: 0, recall50ms: { share: 1 } });
        const quiet = list.map((one, pair) => ({ ...one, pair }));
        const late = scoreDetections(quiet, seeAll(quiet, 5_001), { toleranceUs: 5_000 });
        expect(late).toMatchObject({ detected: 0, false: list.length });
      }),
    );
  });

  it('knows a detection from the very first to the very last moment of its prices', () => {
    fc.assert(
      fc.property(episodes, (list) => {
        const apart = list.map((one, pair) => ({ ...one, pair }));
        const first = apart.map(({ pair, direction, openUs, prices }): Detection => {
          const [, , kalshiAskE4, polymarketAskE4] = prices[0]!;
          return { pair, direction, kalshiAskE4, polymarketAskE4, atUs: openUs };
        });
        const score = scoreDetections(apart, first, { toleranceUs: 0 });
        expect(score).toMatchObject({ detected: list.length, false: 0 });
        const early = first.map((one) => ({ ...one, atUs: one.atUs - 1 }));
        expect(scoreDetections(apart, early, { toleranceUs: 0 }).false).toBe(list.length);
      }),
    );
  });

  it('counts an open episode with the life it had until the end of the run', () => {
    const open: Episode = {
      pair: 0,
      direction: 0,
      openUs: 1_000,
      closeUs: null,
      bestNetMicros: 1,
      bestSizeCenti: 500,
      endedBy: 'open',
      prices: [[1_000, null, 4_000, 4_100]],
      firstTakesUs: [null, null],
    };
    const lived = (untilUs: number) =>
      scoreDetections([open], [], { toleranceUs: 0, untilUs }).recall50ms.lived;
    expect(lived(1_000 + RECALL_LIFE_US)).toBe(1);
    expect(lived(1_000 + RECALL_LIFE_US - 1)).toBe(0);
  });

  it('times the way from a book to both orders by the later leg, and leaves out what was taken on one side', () => {
    const base: Episode = {
      pair: 0,
      direction: 0,
      openUs: 1_000,
      closeUs: 2_000,
      bestNetMicros: 1,
      bestSizeCenti: 500,
      endedBy: 'taker',
      prices: [[1_000, 2_000, 4_000, 4_100]],
      firstTakesUs: [null, null],
    };
    const episodes: Episode[] = [
      { ...base, firstTakesUs: [1_900, 1_700] },
      { ...base, firstTakesUs: [1_200, 1_300] },
      { ...base, firstTakesUs: [1_100, null] },
    ];
    expect(scoreDetections(episodes, [], { toleranceUs: 0 }).takeTimesUs).toEqual([300, 900]);
  });

  it('tells asks that passed each other from asks that had long gone', () => {
    const seen = (atUs: number): Detection => ({
      pair: 0,
      direction: 0,
      kalshiAskE4: 4_000,
      polymarketAskE4: 5_000,
      atUs,
    });
    const options = { toleranceUs: 200, passings: [[0, 0, 1_000, 950, 4_000, 5_000]] } as const;
    const score = scoreDetections(
      [],
      [seen(999), seen(1_000), seen(1_150), seen(1_151), { ...seen(1_000), direction: 1 }],
      { ...options, passings: options.passings.map((each) => [...each]) },
    );
    expect(score).toMatchObject({ skewed: 2, false: 3 });
  });
});
