import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KALSHI } from '../../src/domain/venue.js';
import { trustReason } from '../../src/shm/quote-table.js';
import {
  REASON_DISCONNECTED,
  REASON_LATE,
  REASON_NO_SNAPSHOT,
  REASON_SILENT,
  REASON_TRUSTED,
} from '../../src/venues/feed.js';
import { asksOf, PipelineRig } from './pipeline-rig.js';

const reason = fc.constantFrom(REASON_TRUSTED, REASON_NO_SNAPSHOT, REASON_LATE, REASON_SILENT);

it("shows the connection's reason over the market's, and a new word for each stretch of trust", () => {
  const step = fc.oneof(
    fc.record({ market: fc.nat(3), reason }),
    fc.record({ market: fc.constant(undefined), reason }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const rig = new PipelineRig({ polarities: [0, 0, 0, 0] });
      const publisher = rig.publishers[KALSHI]!;
      const markets = new Array<number>(4).fill(REASON_NO_SNAPSHOT);
      const trustedWords = markets.map(() => new Set<number>());
      const wasTrusted = markets.map(() => false);
      let connection: number = REASON_DISCONNECTED;
      for (const { market, reason: now } of steps) {
        if (market === undefined) {
          connection = now;
          publisher.setConnectionTrust(now);
        } else {
          markets[market] = now;
          publisher.setMarketTrust(market, now);
        }
        markets.forEach((own, index) => {
          const expected = connection === REASON_TRUSTED ? own : connection;
          const word = rig.quotes.trustWord(index);
          expect(trustReason(word)).toBe(expected);
          const isTrusted = expected === REASON_TRUSTED;
          if (isTrusted && !wasTrusted[index]) {
            expect(trustedWords[index]!.has(word)).toBe(false);
            trustedWords[index]!.add(word);
          }
          wasTrusted[index] = isTrusted;
        });
        // Nothing of the other exchange is touched.
        expect(trustReason(rig.quotes.trustWord(4))).toBe(REASON_DISCONNECTED);
      }
    }),
    { numRuns: 200 },
  );
});

it('marks and rings for what became trusted, once a frame, and counts what nobody read', () => {
  const rig = new PipelineRig({ polarities: [0, 0] });
  const publisher = rig.publishers[KALSHI]!;
  const rings = rig.doorbell.rings();
  publisher.publish(1, asksOf([[5_000, 100]]), asksOf([[6_000, 100]]), 1, 0);
  expect(rig.doorbell.rings()).toBe(rings);
  publisher.ring();
  publisher.ring();
  expect(rig.doorbell.rings()).toBe(rings + 1);
  expect(rig.doorbell.takeDirty(0)).toBe(0b10);
  const before = rig.conflated;
  publisher.publish(0, asksOf([[5_000, 100]]), asksOf([]), 1, 0);
  publisher.publish(0, asksOf([[5_100, 100]]), asksOf([]), 1, 0);
  expect(rig.conflated).toBe(before + 1);
  publisher.setMarketTrust(1, REASON_TRUSTED);
  publisher.setConnectionTrust(REASON_TRUSTED);
  expect(rig.doorbell.takeDirty(0)).toBe(0b11);
});

it('publishes best asks and whole contracts, and the depth they come from', () => {
  const level = fc.tuple(
    fc.integer({ min: 1, max: 9_999 }),
    fc.integer({ min: 1, max: 9_000_000 }),
  );
  fc.assert(
    fc.property(
      fc.array(level, { maxLength: 30 }),
      fc.array(level, { maxLength: 30 }),
      (yes, no) => {
        const rig = new PipelineRig({ polarities: [0] });
        rig.publish(KALSHI, 0, asksOf(yes), asksOf(no));
        const quote = { yesAskE4: -1, noAskE4: -1, yesSize: -1, noSize: -1 };
        rig.quotes.read(0, quote);
        const best = (levels: readonly [number, number][]) =>
          [...new Map(levels)].sort(([a], [b]) => a - b)[0] ?? [0, 0];
        expect(quote).toEqual({
          yesAskE4: best(yes)[0],
          noAskE4: best(no)[0],
          yesSize: Math.min(65_535, Math.floor(best(yes)[1] / 100)),
          noSize: Math.min(65_535, Math.floor(best(no)[1] / 100)),
        });
        const out = { pricesE4: new Int32Array(15), sizesCenti: new Float64Array(15), count: 0 };
        expect(rig.depth.read(0, 0, out)).toBe(true);
        expect(out.count === 0 ? [0, 0] : [out.pricesE4[0], out.sizesCenti[0]]).toEqual(best(yes));
      },
    ),
  );
});

it('rings for the first, now and then another, and the last of frames that came together', () => {
  const rig = new PipelineRig({ polarities: [0] });
  const publisher = rig.publishers[KALSHI]!;
  const rungBy = (frames: number) => {
    const rung: number[] = [];
    for (let frame = 0; frame < frames; frame++) {
      const before = rig.doorbell.rings();
      publisher.publish(0, asksOf([[5_000, 100]]), asksOf([]), 1, 0);
      publisher.ring(frame < frames - 1);
      if (rig.doorbell.rings() > before) rung.push(frame);
    }
    return rung;
  };
  expect(rungBy(1)).toEqual([0]);
  expect(rungBy(3)).toEqual([0, 2]);
  expect(rungBy(40)).toEqual([0, 16, 32, 39]);
  expect(rungBy(1)).toEqual([0]);
});

it('rings at the end for frames before it, though the last one changed nothing', () => {
  const rig = new PipelineRig({ polarities: [0] });
  const publisher = rig.publishers[KALSHI]!;
  publisher.publish(0, asksOf([[5_000, 100]]), asksOf([]), 1, 0);
  publisher.ring(true);
  publisher.publish(0, asksOf([[5_100, 100]]), asksOf([]), 1, 0);
  const rings = rig.doorbell.rings();
  publisher.ring(true);
  expect(rig.doorbell.rings()).toBe(rings);
  publisher.ring();
  expect(rig.doorbell.rings()).toBe(rings + 1);
});
