// A detector worker: a loop that looks, and waits. It owns no socket, so it may block.
import { kalshiFeeTable, polymarketFeeTable } from '../domain/fee-table.js';
import { DECISION_RECORD_BYTES } from '../pipeline/decision-record.js';
import { Detector, type DetectorPair } from '../pipeline/detector.js';
import { EXECUTION_REQUEST_BYTES } from '../pipeline/execution-request.js';
import { ControlBlock, ENGINE_ENDING } from '../shm/control-block.js';
import { DepthTable } from '../shm/depth-table.js';
import { Doorbell } from '../shm/doorbell.js';
import { FlightTable } from '../shm/flight-table.js';
import { FundsTable } from '../shm/funds-table.js';
import { QuoteTable } from '../shm/quote-table.js';
import { SpscRing } from '../shm/spsc-ring.js';
import { createWait } from '../shm/wait-strategy.js';
import { firstWorker } from './memory.js';
import { createClock } from './monotonic-clock.js';
import type { WorkerContext } from './worker-boot.js';
import type { TradedPair, WorkerInput } from './worker-protocol.js';

export function runDetector(input: WorkerInput, context: WorkerContext): void {
  const { role, memory, config } = input;
  if (role.kind !== 'detector') throw new Error(`not a detector: role=${role.kind}`);
  const clock = createClock(input.origin);
  const control = new ControlBlock(memory.control);
  const doorbell = new Doorbell(memory.doorbells[role.detector]!);
  const detector = new Detector(
    detectorPairs(input),
    {
      quotes: new QuoteTable(memory.quotes),
      depth: new DepthTable(memory.depth),
      doorbell,
      flights: new FlightTable(memory.flights),
      funds: new FundsTable(memory.funds),
      control,
      requests: memory.requests[role.detector]!.map(
        (ring) => new SpscRing(ring, EXECUTION_REQUEST_BYTES, 'producer'),
      ),
      decisions: new SpscRing(memory.decisions[role.detector]!, DECISION_RECORD_BYTES, 'producer'),
    },
    {
      detector: role.detector,
      observe: config.observe,
      limits: {
        maxSizeCenti: config.maxSizeCenti,
        maxCostMicros: config.maxCostMicros,
        minNetMicros: config.minNetMicros,
      },
    },
    clock,
    (ns) => input.histograms.publishedToDetected.record(Math.max(1, ns)),
  );
  const wait = createWait(config.wait);
  context.send({ type: 'ready' });
  while (control.state() !== ENGINE_ENDING) {
    const rings = doorbell.rings();
    if (!detector.step()) wait(doorbell, rings);
    control.beat(input.worker, clock.nowNs());
  }
  context.leave();
}

/** Fee tables are shared by all pairs of one schedule: there are few schedules and 40 KB a table. */
function detectorPairs({ pairs, config }: WorkerInput): DetectorPair[] {
  const tables = new Map<string, Uint32Array>();
  const tableOf = (key: string, make: () => Uint32Array) => {
    const known = tables.get(key) ?? make();
    tables.set(key, known);
    return known;
  };
  const kalshi = firstWorker(config, 'kalshi');
  const polymarket = firstWorker(config, 'polymarket');
  return pairs.map((pair: TradedPair, index) => {
    const { takerRate } = pair.kalshi;
    const { fees } = pair.polymarket;
    return {
      polarity: pair.polarity,
      terms: {
        kalshiRate: takerRate,
        kalshiFees: tableOf(`k${takerRate.numerator}/${takerRate.denominator}`, () =>
          kalshiFeeTable(takerRate),
        ),
        polymarketSchedule: fees,
        polymarketFees: tableOf(
          `p${fees.rate.numerator}/${fees.rate.denominator}^${fees.exponent}`,
          () => polymarketFeeTable(fees),
        ),
        polymarketMinSizeCenti: pair.polymarket.minSizeCenti,
      },
      feedWorkers: [
        kalshi + (index % config.kalshiFeeds),
        polymarket + (index % config.polymarketFeeds),
      ],
    };
  });
}
