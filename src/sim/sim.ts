// A whole simulation in one process: two exchanges with their markets, one trader's accounts and keys, the truth about what
// was there, and a door to control it. It must not know the engine that trades on it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { MICROS_PER_DOLLAR } from '../domain/units.js';
import { KALSHI, POLARITY_NAMES, POLYMARKET } from '../domain/venue.js';
import { CONTRACTS, POLYGON_CHAIN_ID } from '../venues/polymarket/wire/contracts.js';
import { Accounts } from './accounts.js';
import { combineStatements } from './combined-statement.js';
import { type ControlServer, startControlServer } from './control-server.js';
import type { FaultVenue } from './fault-schema.js';
import { FaultPlayer, NO_FAULTS, readFaultScript } from './fault-script.js';
import { startKalshiServer } from './kalshi/server.js';
import { createPairStreams, type GeneratorOptions, MarketGenerator } from './market/generator.js';
import { createListings, type PairListing } from './market/listings.js';
import type { MakerOp, MakerStream } from './market/maker-op.js';
import { SimMatchingEngine } from './market/matching-engine.js';
import { MarketPlayer } from './market/player.js';
import { type Recording, readRecordings } from './market/recording.js';
import {
  listRecording,
  placeRecordings,
  ReplayStream,
  STRAYS_PER_SECOND,
} from './market/replay.js';
import { Truth } from './market/truth.js';
import type { RateLimits } from './polymarket/rate-limits.js';
import { startPolymarketServer } from './polymarket/server.js';
import type { Fault, SimServer } from './server.js';
import { createSimKeys, type SimKeys } from './sim-keys.js';
import { divergencesPerSecondOf, type SimOptions } from './sim-options.js';
import { tellTruth } from './truth-of-faults.js';

/** All that an engine needs to trade on the simulation. */
export interface SimReady {
  readonly event: 'ready';
  readonly seed: number;
  readonly markets: number;
  readonly kalshi: {
    readonly restUrl: string;
    readonly wsUrl: string;
    readonly keyId: string;
    readonly privateKeyPath: string;
  };
  readonly polymarket: {
    readonly restUrl: string;
    /** Ends in /ws; a client appends /market and /user. */
    readonly wsUrl: string;
    readonly chainId: number;
    readonly address: string;
    readonly funder: string;
    readonly signatureType: 0;
    readonly privateKeyPath: string;
    readonly exchanges: { readonly standard: string; readonly negRisk: string };
  };
  readonly pairsPath: string;
  readonly controlUrl: string;
  readonly directory: string;
}

export interface SimSummary {
  readonly virtualMs: number;
  readonly slippedMs: number;
  readonly operations: number;
  readonly episodes: number;
  readonly episodesDropped: number;
  readonly fills: { readonly kalshi: number; readonly polymarket: number };
  readonly pnlMicros: number;
  readonly feesMicros: number;
}

export interface RunningSim {
  readonly ready: SimReady;
  readonly kalshi: SimServer;
  readonly polymarket: SimServer;
  readonly truth: Truth;
  summary(): SimSummary;
  /** Lets the market move; it does so from the beginning unless autoStart is false. */
  start(): void;
  /** What a maker does between the moves of the market's own makers, at once. Its ids must be its own. */
  make(op: MakerOp): void;
  stop(): Promise<void>;
}

/** The makers of every pair, in the order of the pairs. */
export type CreateStreams = (
  listings: readonly PairListing[],
  options: GeneratorOptions,
) => MakerStream[];

const HOST = '127.0.0.1';
/** Longer than any fault sets an exchange's clock back. */
const OPEN_SINCE_MS = 7_200_000;
const TRADER = 'trader';

/**
 * Rejects when a port is taken or the recording cannot be read; nothing is left behind then. `createStreams` replaces the market's
 * makers, for whoever must know what they will do.
 */
export async function startSim(
  options: SimOptions,
  log: (line: string) => void,
  createStreams: CreateStreams = createPairStreams,
): Promise<RunningSim> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'underround-sim-'));
  const closers: (() => Promise<void>)[] = [];
  if (options.directory === undefined) {
    closers.push(async () => rmSync(directory, { recursive: true, force: true }));
  }
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await assemble(options, createStreams, log, directory, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function assemble(
  options: SimOptions,
  createStreams: CreateStreams,
  log: (line: string) => void,
  directory: string,
  closers: (() => Promise<void>)[],
  closeAll: () => Promise<void>,
): Promise<RunningSim> {
  const keys = await createSimKeys(directory);
  const market = createMarket(options, createStreams);
  const { listings, player, truth } = market;
  const pairsPath = join(directory, 'pairs.yaml');
  writeFileSync(pairsPath, pairsYaml(listings));
  player.seed();
  closers.push(async () => player.stop());
  const script = options.faults === undefined ? undefined : readFaultScript(options.faults);
  const [kalshi, polymarket] = await startServers(options, log, market, keys, closers);
  const inject = (venue: FaultVenue, fault: Fault) => {
    (venue === 'kalshi' ? kalshi : polymarket).inject(fault);
    tellTruth(truth, venue, fault);
  };
  const faults = new FaultPlayer({ script: script ?? NO_FAULTS, inject, log });
  closers.push(async () => faults.stop());
  const start = () => {
    player.start();
    faults.start();
  };
  const running: Omit<RunningSim, 'ready'> = {
    kalshi,
    polymarket,
    truth,
    summary: () => summarise(market),
    start,
    make: market.make,
    stop: closeAll,
  };
  const control: ControlServer = await startControlServer(
    {
      truth: () => ({
        criteria: truth.criteria,
        nowUs: monotonicUs(),
        dropped: truth.dropped,
        episodes: truth.episodes(),
        passings: truth.passings(),
      }),
      accounts: () => statements(market),
      state: () => ({
        seed: options.seed,
        markets: listings.length,
        ...player.state,
      }),
      faults: () => faults.history,
      start,
      fault: inject,
    },
    options.controlPort,
  );
  closers.push(() => control.close());
  if (options.autoStart) start();
  const ready = describe(options, directory, pairsPath, kalshi, polymarket, keys, control.url);
  return { ...running, ready };
}

interface SimMarket {
  readonly listings: readonly PairListing[];
  readonly engines: readonly [SimMatchingEngine, SimMatchingEngine];
  readonly accounts: readonly [Accounts, Accounts];
  readonly player: MarketPlayer;
  readonly truth: Truth;
  make(op: MakerOp): void;
}

function createMarket(options: SimOptions, createStreams: CreateStreams): SimMarket {
  const { seed, markets, rate } = options;
  const recordings =
    options.replay === undefined
      ? []
      : readRecordings(options.replay, options.replaySpeed, markets);
  const listings = createListings({ seed, markets, openTimeMs: Date.now() - OPEN_SINCE_MS });
  const streams = createStreams(listings, {
    seed,
    rate,
    divergencesPerSecond: divergencesPerSecondOf(options),
  });
  const places = placeRecordings(listings, recordings);
  recordings.forEach((recording, position) => {
    const index = places[position]!;
    listings[index] = listRecording(listings[index]!, recording);
    streams[index] = replayed(listings[index], recording, options);
  });
  const now = () => Date.now();
  const kalshi = new SimMatchingEngine({ venue: KALSHI, markets, now });
  const polymarket = new SimMatchingEngine({ venue: POLYMARKET, markets, now });
  const { minNetMicros, maxSizeCenti, maxCostMicros } = options;
  // Before any server listens to the books: the truth must have seen a price before a client can.
  const truth = new Truth({
    listings,
    kalshi,
    polymarket,
    criteria: { minNetMicros, maxSizeCenti, maxCostMicros },
    nowUs: monotonicUs,
  });
  const make = (op: MakerOp) => (op.venue === KALSHI ? kalshi : polymarket).apply(op);
  const player = new MarketPlayer({
    market: new MarketGenerator(streams),
    sink: make,
    nowUs: monotonicUs,
  });
  return {
    listings,
    engines: [kalshi, polymarket],
    accounts: openAccounts(options),
    player,
    truth,
    make,
  };
}

function replayed(listing: PairListing, recording: Recording, options: SimOptions): ReplayStream {
  const { seed, rate, divergencesPerSecond, markets } = options;
  return new ReplayStream(listing, recording, {
    seed,
    rate,
    straysPerSecond:
      divergencesPerSecond === undefined ? STRAYS_PER_SECOND : divergencesPerSecond / markets,
  });
}

function openAccounts(options: SimOptions): readonly [Accounts, Accounts] {
  const kalshi = new Accounts({ nets: true });
  const polymarket = new Accounts({ nets: false });
  for (const each of [kalshi, polymarket]) {
    each.open(TRADER, options.startingCash * MICROS_PER_DOLLAR);
  }
  return [kalshi, polymarket];
}

function readLimits({ polymarketPerSecond: perSecond }: SimOptions): RateLimits {
  return perSecond === undefined ? {} : { reads: { perSecond, burst: perSecond } };
}

async function startServers(
  options: SimOptions,
  log: (line: string) => void,
  { listings, engines, accounts, truth }: SimMarket,
  keys: SimKeys,
  closers: (() => Promise<void>)[],
): Promise<readonly [SimServer, SimServer]> {
  const shared = { host: HOST, now: () => Date.now(), log } as const;
  const { keyId, publicKey } = keys.kalshi;
  const kalshi = await startKalshiServer({
    ...shared,
    port: options.kalshiPort,
    engine: engines[KALSHI],
    accounts: accounts[KALSHI],
    listings: listings.map((listing) => listing.kalshi),
    keys: [{ keyId, publicKey, account: TRADER }],
    limits: options.kalshiTier,
    stillness: {
      standStill: (each) => truth.standStill(KALSHI, each),
      moveAgain: (each) => truth.moveAgain(KALSHI, each),
      end: (each) => truth.end(KALSHI, each),
    },
  });
  closers.push(() => kalshi.close());
  const polymarket = await startPolymarketServer({
    ...shared,
    port: options.polymarketPort,
    engine: engines[POLYMARKET],
    accounts: accounts[POLYMARKET],
    listings: listings.map((listing) => listing.polymarket),
    wallets: [{ address: keys.polymarket.address, account: TRADER }],
    chainId: POLYGON_CHAIN_ID,
    limits: readLimits(options),
  });
  closers.push(() => polymarket.close());
  return [kalshi, polymarket];
}

function describe(
  options: SimOptions,
  directory: string,
  pairsPath: string,
  kalshi: SimServer,
  polymarket: SimServer,
  keys: SimKeys,
  controlUrl: string,
): SimReady {
  const { keyId, privateKeyPath } = keys.kalshi;
  const { address } = keys.polymarket;
  return {
    event: 'ready',
    seed: options.seed,
    markets: options.markets,
    kalshi: { restUrl: kalshi.restUrl, wsUrl: kalshi.wsUrl, keyId, privateKeyPath },
    polymarket: {
      restUrl: polymarket.restUrl,
      wsUrl: `${polymarket.wsUrl}/ws`,
      chainId: POLYGON_CHAIN_ID,
      address,
      funder: address,
      signatureType: 0,
      privateKeyPath: keys.polymarket.privateKeyPath,
      exchanges: { standard: CONTRACTS.exchangeV2, negRisk: CONTRACTS.negRiskExchangeV2 },
    },
    pairsPath,
    controlUrl,
    directory,
  };
}

function pairsYaml(listings: readonly PairListing[]): string {
  return stringify({
    version: 1,
    pairs: listings.map(({ name, kalshi, polymarket, polarity }) => ({
      name,
      kalshi: kalshi.ticker,
      polymarket: polymarket.conditionId,
      polarity: POLARITY_NAMES[polarity],
      approved: true,
    })),
  });
}

function statements({ accounts, listings }: SimMarket) {
  const kalshi = accounts[KALSHI].statement(TRADER);
  const polymarket = accounts[POLYMARKET].statement(TRADER);
  const polarities = listings.map(({ polarity }) => polarity);
  return { kalshi, polymarket, combined: combineStatements(kalshi, polymarket, polarities) };
}

function summarise(market: SimMarket): SimSummary {
  const { virtualUs, slippedUs, operations } = market.player.state;
  const { combined } = statements(market);
  const [kalshi, polymarket] = market.accounts;
  return {
    virtualMs: Math.round(virtualUs / 1_000),
    slippedMs: Math.round(slippedUs / 1_000),
    operations,
    episodes: market.truth.episodes().length,
    episodesDropped: market.truth.dropped,
    fills: { kalshi: kalshi.fills(TRADER).length, polymarket: polymarket.fills(TRADER).length },
    pnlMicros: combined.pnlMicros,
    feesMicros: combined.feesMicros,
  };
}

/** The monotonic clock that all processes of the machine share. */
function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1_000);
}
