// What an order passes before it is written: the reservation, the risk gate and the kill word, each alone and together.

import { createSizedPair } from '../src/domain/sizing.js';
import { createExecutionRequest } from '../src/pipeline/execution-request.js';
import {
  createReservation,
  fillReservation,
  RESERVED,
  release,
  reserve,
} from '../src/pipeline/reservation.js';
import { RISK_OK, RiskGate } from '../src/pipeline/risk-gate.js';
import { createClock } from '../src/runtime/monotonic-clock.js';
import { ControlBlock, ENGINE_RUNNING } from '../src/shm/control-block.js';
import { FlightTable } from '../src/shm/flight-table.js';
import { PurseTable } from '../src/shm/purse-table.js';
import { RISK_LIMITS, RiskTable } from '../src/shm/risk-table.js';
import { VenueTable } from '../src/shm/venue-table.js';
import { counting, type MicroRow } from './micro-row.js';

const SHARDS = 2;
const PAIRS = 64;
const FEEDS = [0, 1] as const;
const FUNDS_CENTS = 1_000_000;
/** 50 contracts at 44 and 50 cents. */
const SIZED = {
  ...createSizedPair(),
  sizeCenti: 5_000,
  kalshiLimitE4: 4_400,
  polymarketLimitE4: 5_000,
  kalshiCostMicros: 22_000_000,
  polymarketCostMicros: 25_000_000,
  feeMicros: 1_620_000,
};
const EXIT_RESERVE_MICROS = 1_000_000;

function createPurses(): PurseTable {
  const purses = new PurseTable(new SharedArrayBuffer(PurseTable.bytes(SHARDS, PAIRS)), SHARDS);
  for (let purse = 0; purse < SHARDS + 2 + PAIRS; purse++) purses.set(purse, FUNDS_CENTS);
  return purses;
}

/** A gate through which everything passes: all of its checks are made. */
function createGate(): RiskGate {
  const risk = new RiskTable(new SharedArrayBuffer(RiskTable.bytes()));
  const control = new ControlBlock(new SharedArrayBuffer(ControlBlock.bytes(FEEDS.length)));
  const rule = { failures: 3, restMs: 1_000, successes: 2 };
  const venues = new VenueTable(new SharedArrayBuffer(VenueTable.bytes(FEEDS.length)), rule);
  const flights = new FlightTable(new SharedArrayBuffer(FlightTable.bytes(PAIRS)));
  for (const name of RISK_LIMITS) risk.setLimit(name, Number.POSITIVE_INFINITY);
  risk.setLimit('minMsToClose', 60_000);
  risk.setLimit('minPriceE4', 100);
  control.advance(ENGINE_RUNNING);
  for (const feed of FEEDS) {
    control.beat(feed, Number.POSITIVE_INFINITY);
    control.setFreshUntil(feed, Number.POSITIVE_INFINITY);
  }
  const [seconds, nanoseconds] = process.hrtime();
  return new RiskGate({ risk, control, venues, flights }, createClock([seconds, nanoseconds]));
}

export function riskRows(): MicroRow[] {
  const purses = createPurses();
  const gate = createGate();
  const reservation = createReservation();
  const request = {
    ...createExecutionRequest(),
    sizeCenti: SIZED.sizeCenti,
    kalshiLimitE4: SIZED.kalshiLimitE4,
    polymarketLimitE4: SIZED.polymarketLimitE4,
    kalshiSpendMicros: SIZED.kalshiCostMicros,
    polymarketSpendMicros: SIZED.polymarketCostMicros,
  };
  // Both clocks are read: this market has an end.
  const closeMs = Date.now() + 86_400_000;
  const reserveAndRelease = (pair: number): boolean => {
    fillReservation(reservation, pair, pair & 1, SIZED, EXIT_RESERVE_MICROS);
    if (reserve(purses, reservation) !== RESERVED) return false;
    release(purses, reservation);
    return purses.available(purses.totalPurse) === FUNDS_CENTS;
  };
  const mayOpen = (pair: number): boolean => {
    request.pair = pair;
    return gate.mayOpen(request, closeMs, FEEDS) === RISK_OK;
  };
  const repeat = (passes: (pair: number) => boolean) => counting((n) => passes(n % PAIRS));
  return [
    { name: 'reserve + release', each: 1, ratio: 13.6, run: repeat(reserveAndRelease) },
    { name: 'risk gate', each: 1, ratio: 17.5, run: repeat(mayOpen) },
    {
      name: 'kill word',
      each: 1,
      ratio: 1.0,
      run: repeat((pair) => gate.mayWrite((pair & 1) === 1)),
    },
    {
      name: 'reservation + risk gate + kill word of both legs',
      each: 1,
      ratio: 34,
      run: repeat(
        (pair) =>
          reserveAndRelease(pair) && mayOpen(pair) && gate.mayWrite(false) && gate.mayWrite(false),
      ),
    },
  ];
}
