// The detector's look at a pair whose quote has changed and that shows no edge: what happens to nearly every frame.

import { Ladder } from '../src/domain/ladder.js';
import { edgeMicros } from '../src/domain/sizing.js';
import { SAME } from '../src/domain/venue.js';
import { DECISION_RECORD_BYTES } from '../src/pipeline/decision-record.js';
import { Detector } from '../src/pipeline/detector.js';
import { createClock } from '../src/runtime/monotonic-clock.js';
import { ControlBlock } from '../src/shm/control-block.js';
import { DepthTable } from '../src/shm/depth-table.js';
import { Doorbell } from '../src/shm/doorbell.js';
import { FlightTable } from '../src/shm/flight-table.js';
import { PurseTable } from '../src/shm/purse-table.js';
import { type Quote, QuoteTable, TRUSTED } from '../src/shm/quote-table.js';
import { RING_EMPTY, SpscRing } from '../src/shm/spsc-ring.js';
import { pairTerms } from './domain-rows.js';
import type { MicroRow } from './micro-row.js';

const PAIRS = 200;
const BURST = 32;

export function detectorRows(): MicroRow[] {
  const { doorbell, step, check } = createRig();
  return [
    {
      name: 'edge check of one pair, fees included',
      each: 1,
      ratio: 8,
      bar: { figure: 'p50', atMost: 100, stretch: 30 },
      run: (operations) => {
        let without = 0;
        for (let n = 0; n < operations; n++) if (!check(n % PAIRS)) without++;
        return without;
      },
    },
    {
      name: "the detector's look at one pair, with its mark",
      each: 1,
      ratio: 26,
      run: (operations) => {
        let looks = 0;
        for (let n = 0; n < operations; n++) {
          doorbell.mark(n % PAIRS);
          if (step()) looks++;
        }
        return looks;
      },
    },
    {
      name: `the detector's look at a pair in a burst of ${BURST}, with its mark`,
      each: 1,
      ratio: 15.5,
      batch: BURST * BURST,
      run: (operations) => {
        let looks = 0;
        for (let n = 0; n < operations; n += BURST) {
          for (let pair = 0; pair < BURST; pair++) doorbell.mark(pair);
          if (step()) looks += BURST;
        }
        return looks;
      },
    },
  ];
}

interface DetectorRig {
  readonly doorbell: Doorbell;
  /** Looks at what is marked. Throws when that is decided on. */
  readonly step: () => boolean;
  /** Both quotes read, and whether there is an edge one way or the other, net of fees. */
  readonly check: (pair: number) => boolean;
}

function createRig(): DetectorRig {
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const quotes = new QuoteTable(shared(QuoteTable.bytes(PAIRS * 2)));
  const depth = new DepthTable(shared(DepthTable.bytes(PAIRS * 2)));
  const doorbell = new Doorbell(shared(Doorbell.bytes(PAIRS)));
  const control = new ControlBlock(shared(ControlBlock.bytes(2)));
  const ring = shared(SpscRing.bytes(16, DECISION_RECORD_BYTES));
  const decisions = new SpscRing(ring, DECISION_RECORD_BYTES, 'consumer');
  const terms = pairTerms();
  for (const feed of [0, 1]) {
    control.beat(feed, Number.POSITIVE_INFINITY);
    control.setFreshUntil(feed, Number.POSITIVE_INFINITY);
  }
  const detector = new Detector(
    Array.from({ length: PAIRS }, () => ({
      polarity: SAME,
      terms,
      shard: 0,
      feedWorkers: [0, 1] as const,
    })),
    {
      quotes,
      depth,
      doorbell,
      flights: new FlightTable(shared(FlightTable.bytes(PAIRS))),
      purses: new PurseTable(shared(PurseTable.bytes(1, PAIRS)), 1),
      control,
      requests: [],
      decisions: new SpscRing(ring, DECISION_RECORD_BYTES, 'producer'),
    },
    {
      detector: 0,
      observe: true,
      limits: { maxSizeCenti: 100_000, maxCostMicros: 10 ** 9, minNetMicros: 1 },
      exitReserveMicros: 1_000_000,
    },
    createClock(process.hrtime()),
    () => undefined,
  );
  const asks = (priceE4: number) => {
    const ladder = new Ladder();
    ladder.set(10_000 - priceE4, 5_000);
    return ladder;
  };
  const publish = (slot: number, yesE4: number, noE4: number) => {
    depth.publish(slot, asks(yesE4), asks(noE4), 10_000);
    quotes.publish(slot, yesE4, noE4, 50, 50, 1, 2, 3);
    quotes.setTrust(slot, 0, TRUSTED);
  };
  for (let pair = 0; pair < PAIRS; pair++) {
    publish(pair, 4_400, 5_700);
    publish(PAIRS + pair, 4_500, 5_600);
  }
  // What is measured does look: with an edge there it decides.
  publish(0, 3_000, 5_700);
  doorbell.mark(0);
  detector.step();
  if (decisions.poll() === RING_EMPTY) throw new Error('the detector does not see an edge');
  decisions.release();
  publish(0, 4_400, 5_700);
  const kalshi = createQuote();
  const polymarket = createQuote();
  return {
    doorbell,
    check: (pair) => {
      quotes.read(pair, kalshi);
      quotes.read(PAIRS + pair, polymarket);
      return (
        edgeMicros(terms, kalshi.yesAskE4, polymarket.noAskE4) > 0 ||
        edgeMicros(terms, kalshi.noAskE4, polymarket.yesAskE4) > 0
      );
    },
    step: () => {
      const worked = detector.step();
      if (decisions.poll() !== RING_EMPTY) throw new Error('the detector sees an edge in none');
      return worked;
    },
  };
}

function createQuote(): Quote {
  return { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 };
}
