// A detector worker: a loop that looks, and waits. It owns no socket, so it may block.
import { receiveMessageOnPort } from 'node:worker_threads';
import { NS_PER_MS } from '../domain/clock.js';
import { openDepth } from '../paper/untaken-depth.js';
import { DECISION_RECORD_BYTES } from '../pipeline/decision-record.js';
import { Detector, type DetectorPair } from '../pipeline/detector.js';
import { DetectorRehearsal } from '../pipeline/detector-rehearsal.js';
import { EXECUTION_REQUEST_BYTES } from '../pipeline/execution-request.js';
import { ControlBlock, ENGINE_ENDING } from '../shm/control-block.js';
import { Doorbell } from '../shm/doorbell.js';
import { FlightTable } from '../shm/flight-table.js';
import { PurseTable } from '../shm/purse-table.js';
import { QuoteTable } from '../shm/quote-table.js';
import { SpscRing } from '../shm/spsc-ring.js';
import { createWait } from '../shm/wait-strategy.js';
import { feedWorkersOf } from './memory.js';
import { createClock } from './monotonic-clock.js';
import { createPairTerms } from './pair-terms.js';
import type { WorkerContext } from './worker-boot.js';
import type { EngineMessage, TradedPair, WorkerInput } from './worker-protocol.js';

const LISTEN_EVERY_NS = 10 * NS_PER_MS;
/** An idle detector goes through the motions so often: 10 us each. */
const REHEARSE_EVERY_NS = 2 * NS_PER_MS;
/** Before the first quote: until the code is compiled. */
const REHEARSALS_AT_START = 20_000;

export function runDetector(input: WorkerInput, context: WorkerContext): void {
  const { role, memory, config } = input;
  if (role.kind !== 'detector') throw new Error(`not a detector: role=${role.kind}`);
  const clock = createClock(input.origin);
  const control = new ControlBlock(memory.control);
  const doorbell = new Doorbell(memory.doorbells[role.detector]!);
  const toDetectorPair = createPairReader(input);
  const detectorPairs = input.pairs.map(toDetectorPair);
  const settings = {
    detector: role.detector,
    observe: config.observe,
    limits: {
      maxSizeCenti: config.maxSizeCenti,
      maxCostMicros: config.maxCostMicros,
      minNetMicros: config.minNetMicros,
    },
    exitReserveMicros: config.risk.maxLossPerArbMicros,
  };
  const terms = detectorPairs.find((pair) => pair.terms !== undefined)?.terms;
  const rehearsal = terms && new DetectorRehearsal(terms, settings, clock);
  const detector = new Detector(
    detectorPairs,
    {
      quotes: new QuoteTable(memory.quotes),
      depth: openDepth(memory),
      doorbell,
      flights: new FlightTable(memory.flights),
      purses: new PurseTable(memory.purses, input.shards),
      control,
      requests: memory.requests[role.detector]!.map(
        (ring) => new SpscRing(ring, EXECUTION_REQUEST_BYTES, 'producer'),
      ),
      decisions: new SpscRing(memory.decisions[role.detector]!, DECISION_RECORD_BYTES, 'producer'),
    },
    settings,
    clock,
    (ns) => input.histograms.publishedToDetected.record(Math.max(1, ns)),
  );
  const wait = createWait(config.wait);
  for (let count = 0; count < REHEARSALS_AT_START; count++) rehearsal?.run();
  context.send({ type: 'ready' });
  let heardNs = clock.nowNs();
  let rehearsedNs = heardNs;
  while (control.state() !== ENGINE_ENDING) {
    const rings = doorbell.rings();
    const isIdle = !detector.step();
    if (isIdle) wait(doorbell, rings);
    const nowNs = clock.nowNs();
    control.beat(input.worker, nowNs);
    if (isIdle && nowNs - rehearsedNs > REHEARSE_EVERY_NS && doorbell.rings() === rings) {
      rehearsal?.run();
      rehearsedNs = nowNs;
    }
    // A thread that blocks has no events: what it was told is fetched, now and then.
    if (nowNs - heardNs < LISTEN_EVERY_NS) continue;
    heardNs = nowNs;
    takeTerms(context, (market, pair) => detector.setPair(market, toDetectorPair(pair, market)));
  }
  context.leave();
}

/** Takes over the terms that the main thread has sent, and says so. */
function takeTerms(context: WorkerContext, take: (market: number, pair: TradedPair) => void): void {
  for (;;) {
    const told = receiveMessageOnPort(context.port);
    if (told === undefined) return;
    const message = told.message as EngineMessage;
    if (message.type !== 'terms') continue;
    take(message.market, message.pair);
    context.send({ type: 'terms-taken', ticket: message.ticket });
  }
}

function createPairReader({
  config,
}: WorkerInput): (pair: TradedPair, market: number) => DetectorPair {
  const termsOf = createPairTerms();
  return (pair, market) => ({
    polarity: pair.polarity,
    terms: termsOf(pair),
    shard: pair.kalshi.exchangeIndex,
    feedWorkers: feedWorkersOf(config, market),
  });
}
