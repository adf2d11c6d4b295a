// What every exchange's feed must do, whatever its protocol: never trusted before, after or beside the truth, and back again soon.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeedRig, type FeedUnderTest, type Side, SlowPipe } from './feed-model.js';

const MARKETS = 3;

type Step =
  | { readonly kind: 'change'; market: number; side: Side; priceE4: number; sizeCenti: number }
  | { readonly kind: 'lose'; market: number; side: Side; sizeCenti: number }
  | { readonly kind: 'deliver'; frames: number }
  | { readonly kind: 'garbage'; text: string }
  | { readonly kind: 'pass'; ms: number }
  | { readonly kind: 'disconnect' };

/** Bids of both sides stay below 50 cents, so that no book is crossed. */
const priceE4 = fc.integer({ min: 1, max: 49 }).map((cents) => cents * 100);
const market = fc.nat(MARKETS - 1);
const side = fc.constantFrom<Side>('yes', 'no');
const sizeCenti = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 1_000_000 }) },
);

/** Frames that are none. Each stands where a frame was lost for good: the feed cannot know which. */
export const GARBAGE = [
  '{"type":',
  'null',
  '5',
  '"text"',
  '[null]',
  '[5,{}]',
  '',
  '\u0000',
  'PONGPONG',
];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      market,
      side,
      priceE4,
      sizeCenti,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lose' as const),
      market,
      side,
      sizeCenti: fc.integer({ min: 1, max: 1_000 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      frames: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('garbage' as const),
      text: fc.constantFrom(...GARBAGE),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(25, 100, 600, 2_000, 7_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disconnect' as const) }) },
);

function take(rig: FeedRig, action: Step): void {
  switch (action.kind) {
    case 'change':
      rig.peer.change(action.market, action.side, action.priceE4, action.sizeCenti);
      break;
    case 'lose': {
      // A new best price that never arrives: the only loss that a channel without sequence numbers can show.
      rig.deliver();
      const before = rig.peer.outbox.length;
      const taken = rig.truth[action.market]![action.side].get(4_950);
      rig.peer.change(
        action.market,
        action.side,
        4_950,
        taken === undefined ? action.sizeCenti : 0,
      );
      rig.peer.outbox.length = before;
      break;
    }
    case 'deliver':
      rig.deliver(action.frames);
      break;
    case 'garbage':
      if (rig.isConnected) rig.handText(action.text);
      break;
    case 'pass':
      rig.pass(action.ms);
      break;
    case 'disconnect':
      rig.disconnect();
      rig.connect();
      break;
    default:
      action satisfies never;
  }
}

function expectWhole(rig: FeedRig): void {
  expect(rig.trusted()).toEqual(rig.truth.map(() => true));
  rig.truth.forEach((book, index) => {
    const published = rig.published(index);
    expect(new Map(published?.yes)).toEqual(book.yes);
    expect(new Map(published?.no)).toEqual(book.no);
  });
}

function opened(feed: FeedUnderTest, markets = MARKETS): FeedRig {
  const rig = new FeedRig(feed, markets);
  rig.connect();
  rig.believe();
  return rig;
}

export function describeFeed(feed: FeedUnderTest): void {
  describe(`the feed of ${feed.name}`, () => {
    describeBooks(feed);
    describeAge(feed);
  });
}

function describeBooks(feed: FeedUnderTest): void {
  it('is never trusted on anything but the truth, and gets back to it whatever happened', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const rig = opened(feed);
        for (const action of steps) take(rig, action);
        rig.settle();
        // A loss shows at the market's next frame at the latest.
        for (let index = 0; index < MARKETS; index++) rig.peer.change(index, 'yes', 100, 12_345);
        rig.settle();
        expectWhole(rig);
      }),
      { numRuns: 300 },
    );
  });

  it('is untrusted before the snapshot and trusted after it', () => {
    const rig = new FeedRig(feed, MARKETS);
    rig.connect();
    expect(rig.trusted()).not.toContain(true);
    rig.believe();
    expectWhole(rig);
  });

  it('is untrusted at once when the connection goes, and keeps nothing of the old one', () => {
    const rig = opened(feed);
    rig.disconnect();
    expect(rig.trusted()).not.toContain(true);
    rig.truth[0]!.yes.clear();
    rig.connect();
    expect(rig.trusted()).not.toContain(true);
    expect(rig.connections).toBe(2);
    rig.believe();
    expectWhole(rig);
  });

  it.each(GARBAGE)('takes %j for a lost frame: untrusted, mended, trusted', (text) => {
    const rig = opened(feed);
    rig.handText(text);
    expect(rig.trusted()).not.toContain(true);
    expect(rig.counts.garbage).toBe(1);
    rig.settle();
    expectWhole(rig);
  });

  it('is untrusted as soon as the next frame shows that one was lost', () => {
    const rig = opened(feed);
    take(rig, { kind: 'lose', market: 1, side: 'yes', sizeCenti: 100 });
    rig.peer.change(1, 'no', 200, 300);
    rig.deliver(1);
    expect(rig.isTrusted(1)).toBe(false);
    rig.settle();
    expectWhole(rig);
  });

  it('knows an empty side, and a market with nothing at all', () => {
    const rig = new FeedRig(feed, 2);
    rig.truth[0]!.yes.clear();
    rig.truth[1]!.yes.clear();
    rig.truth[1]!.no.clear();
    rig.connect();
    rig.believe();
    expectWhole(rig);
  });

  it('does not trust a crossed book, nor a locked one', () => {
    const rig = opened(feed);
    for (const crossing of [6_000, 7_000]) {
      rig.peer.change(0, 'yes', crossing, 100);
      rig.deliver();
      expect(rig.isTrusted(0)).toBe(false);
      rig.pass(300);
      rig.deliver();
      expect(rig.isTrusted(0)).toBe(false);
      rig.peer.change(0, 'yes', crossing, 0);
      rig.settle();
      expectWhole(rig);
    }
  });
}

function describeAge(feed: FeedUnderTest): void {
  it('asks when it is quiet, and stays trusted while it is answered', () => {
    const rig = opened(feed);
    const asked = rig.commands.length;
    for (let turn = 0; turn < 200; turn++) {
      expect(rig.pass(50)).toBeUndefined();
      rig.deliver();
    }
    expect(rig.commands.length).toBeGreaterThan(asked + 5);
    expect(rig.commands.length).toBeLessThan(asked + 50);
    expectWhole(rig);
  });

  it('asks, then distrusts, then gives up when nothing comes', () => {
    const rig = opened(feed);
    rig.isDeaf = true;
    const asked = rig.commands.length;
    rig.pass(700, false);
    expect(rig.commands.length).toBeGreaterThan(asked);
    rig.pass(1_000, false);
    expect(rig.trusted()).not.toContain(true);
    expect(rig.reasonOf(0)).toBe('silent');
    expect(rig.pass(6_000, false)).toBe('silent for too long');
  });

  it('trusts nothing of a burst that was held up, from its first frame to its last', () => {
    const rig = opened(feed);
    for (let turn = 0; turn < 500; turn++) {
      rig.peer.change(turn % MARKETS, 'yes', 100 * (1 + (turn % 40)), 500 + turn);
      rig.deliver();
      rig.pass(10);
    }
    expectWhole(rig);
    for (let turn = 0; turn < 20; turn++) rig.peer.change(turn % MARKETS, 'no', 300, 900 + turn);
    // The wire stands still: first the silence is seen, then what comes is old.
    rig.isDeaf = true;
    rig.pass(1_200, false);
    expect(rig.trusted()).not.toContain(true);
    rig.isLate = true;
    rig.deliver();
    rig.isLate = false;
    rig.isDeaf = false;
    rig.peer.change(0, 'no', 300, 5_000);
    rig.deliver();
    rig.settle();
    expectWhole(rig);
  });

  it('lets nothing be bought on after a few usual gaps, long before the connection counts as silent', () => {
    const rig = opened(feed);
    const isFresh = () => rig.clock.nowNs() <= rig.freshUntilNs;
    for (let turn = 0; turn < 1_000; turn++) {
      rig.peer.change(turn % MARKETS, 'yes', 100 * (1 + (turn % 40)), 500 + turn);
      rig.deliver();
      expect(isFresh()).toBe(true);
      rig.clock.advanceMs(4);
    }
    const lapses = rig.lapses;
    rig.isDeaf = true;
    rig.clock.advanceMs(30);
    expect(isFresh()).toBe(true);
    rig.pass(50, false);
    expect(isFresh()).toBe(false);
    expectWhole(rig);
    expect(rig.lapses).toBe(lapses);
    // One frame of now vouches for all again, and they are looked at again.
    rig.peer.change(0, 'no', 300, 5_000);
    rig.deliver();
    expect(isFresh()).toBe(true);
    expect(rig.lapses).toBe(lapses + 1);
    expectWhole(rig);
  });

  it('does not take frames that are held up for current because the clock they were stamped by was set forward', () => {
    const rig = opened(feed);
    for (let turn = 0; turn < 100; turn++) {
      rig.peer.change(turn % MARKETS, 'yes', 100 * (1 + (turn % 40)), 500 + turn);
      rig.deliver();
      rig.clock.advanceMs(4);
    }
    expectWhole(rig);
    rig.aheadMs = 3_000;
    for (let turn = 0; turn < 20; turn++) rig.peer.change(turn % MARKETS, 'no', 300, 900 + turn);
    // So old that by the clock of before they would be late; by the new one they come from the future.
    rig.clock.advanceMs(LATE_MS);
    rig.isLate = true;
    rig.deliver();
    rig.isLate = false;
    expect(rig.trusted()).not.toContain(true);
    for (let turn = 0; turn < 40; turn++) {
      rig.pass(50);
      rig.peer.change(turn % MARKETS, 'no', 300, 5_000 + turn);
      rig.deliver();
    }
    rig.settle();
    expectWhole(rig);
  });

  it('trusts nothing of a burst that was held up too shortly to be a silence', () => {
    const rig = opened(feed);
    rig.peer.change(0, 'yes', 700, 500);
    rig.deliver();
    for (let turn = 0; turn < 20; turn++) rig.peer.change(turn % MARKETS, 'no', 300, 900 + turn);
    rig.clock.advanceMs(LATE_MS);
    const [first] = rig.peer.outbox.splice(0, 1);
    rig.feed.frame(first!.data, rig.clock.nowNs());
    rig.isLate = true;
    rig.deliver();
    rig.isLate = false;
    expect(rig.reasonOf(0)).toBe('late');
    expect(rig.counts.lates).toBe(1);
    rig.peer.change(0, 'no', 300, 5_000);
    rig.deliver();
    rig.settle();
    expectWhole(rig);
  });

  it('takes no answer to an earlier question for a quick one while the pipe is behind', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 24, max: 200 }).map((ticks) => ticks * 25),
        (delayMs) => {
          const rig = opened(feed);
          const pipe = new SlowPipe(rig);
          const steady = (ms: number) => {
            for (let passed = 0; passed < ms; passed += 50) {
              rig.peer.change((passed / 50) % MARKETS, 'no', 300, 900 + passed);
              pipe.pass(50);
            }
          };
          steady(1_000);
          pipe.delayMs = delayMs;
          steady(7_000);
        },
      ),
      { numRuns: 60 },
    );
  });
}

const LATE_MS = 800;
