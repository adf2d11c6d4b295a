// The engine without orders: the build's own feed and detector workers on shared memory as the engine lays it out. Starts them, reads
// what they count, and says whether what they published is what was sent.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { kalshiTakerRate } from '../src/domain/kalshi-fee.js';
import { polymarketFeeSchedule } from '../src/domain/polymarket-fee.js';
import { createAskLevels } from '../src/domain/sizing.js';
import {
  type ByVenue,
  KALSHI,
  POLYMARKET,
  VENUE_NAMES,
  VENUES,
  type Venue,
} from '../src/domain/venue.js';
import { resolveConfig, toEngineConfig } from '../src/runtime/config.js';
import type { EngineConfig } from '../src/runtime/engine-config.js';
import { MainEnds } from '../src/runtime/main-ends.js';
import { firstWorker } from '../src/runtime/memory.js';
import { createResyncHistograms, createStageHistograms } from '../src/runtime/telemetry.js';
import { allocateVenues } from '../src/runtime/venue-guards.js';
import type {
  EngineMessage,
  TradedPair,
  WorkerInput,
  WorkerMessage,
  WorkerRole,
} from '../src/runtime/worker-protocol.js';
import { ENGINE_ENDING, ENGINE_RUNNING } from '../src/shm/control-block.js';
import { DEPTH_LEVELS } from '../src/shm/depth-table.js';
import { trustReason } from '../src/shm/quote-table.js';
import type { PairListing } from '../src/sim/market/listings.js';
import { type FeedCounter, TRUST_REASONS } from '../src/venues/feed.js';
import type { AskLevels, FinalBook, Layout } from './blast-protocol.js';

/**
 * The longest that the settings allow: a queue in front of a saturated feed is what the bench makes, and the stamps of its frames, encoded
 * ahead, stand still.
 */
const PATIENCE_MS = '600000';
const FAR_AWAY_MS = Date.UTC(2100, 0, 1);
const NOBODY = '0x0000000000000000000000000000000000000001';
const END_DEADLINE_MS = 3_000;

export class PipelineEngine {
  readonly ends: MainEnds;
  readonly #config: EngineConfig;
  readonly #directory = mkdtempSync(join(tmpdir(), 'underround-bench-'));
  readonly #workers: Worker[] = [];
  /** Why the run is worth nothing. */
  readonly #problems: string[] = [];
  #isEnding = false;

  constructor(layout: Layout, listings: readonly PairListing[], port: number) {
    this.#config = configOf(layout, port, this.#directory);
    this.ends = new MainEnds(this.#config, listings.map(tradedPair), allocateVenues());
  }

  /** Resolves when every worker is ready. */
  async start(): Promise<void> {
    const config = this.#config;
    const { pairs, memory, shards, control } = this.ends;
    const common = {
      config,
      pairs,
      memory,
      shards,
      origin: process.hrtime(),
      histograms: createStageHistograms(),
      resync: createResyncHistograms(),
      polymarketSession: { address: NOBODY, apiKey: '', secretBase64: '', passphrase: '' },
      orderLimits: [NO_ORDERS, NO_ORDERS],
    } as const;
    const started: Promise<void>[] = [];
    const begin = (worker: number, role: WorkerRole) =>
      void started.push(this.#begin({ ...common, worker, role }));
    for (const venue of VENUES) {
      const parts = venue === KALSHI ? config.kalshiFeeds : config.polymarketFeeds;
      for (let part = 0; part < parts; part++) {
        begin(firstWorker(config, VENUE_NAMES[venue]) + part, { kind: 'feed', venue, part, parts });
      }
    }
    for (let detector = 0; detector < config.detectors; detector++) {
      begin(firstWorker(config, 'detector') + detector, { kind: 'detector', detector });
    }
    await Promise.all(started);
    control.advance(ENGINE_RUNNING);
    this.ends.wakeDetectors();
  }

  /** Every book was told once. Quiet as they are until the blaster goes, their connections may be doubted again by then. */
  get hasBooks(): boolean {
    const { quotes } = this.ends;
    return Array.from({ length: quotes.slots }, (_, slot) => quotes.updates(slot)).every(Boolean);
  }

  get isTrusted(): boolean {
    const { length } = this.ends.pairs;
    return VENUES.every((venue) => this.ends.trustedMarkets(venue) === length);
  }

  /** What is not trusted, by exchange and reason. */
  doubts(): string {
    const { quotes, pairs } = this.ends;
    const counts = new Map<string, number>();
    for (const venue of VENUES) {
      for (let market = 0; market < pairs.length; market++) {
        const reason = TRUST_REASONS[trustReason(quotes.trustWord(venue * pairs.length + market))];
        const name = `${VENUE_NAMES[venue]} ${reason}`;
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    return [...counts].map(([name, count]) => `${name}=${count}`).join(' ');
  }

  frames(): ByVenue<number> {
    return [this.ends.count(KALSHI, 'frames'), this.ends.count(POLYMARKET, 'frames')];
  }

  counted(counter: FeedCounter): number {
    return VENUES.reduce<number>((sum, venue) => sum + this.ends.count(venue, counter), 0);
  }

  problems(): readonly string[] {
    return this.#problems;
  }

  /** What is published and is not what was sent: a line each. */
  differences(venue: Venue, books: readonly FinalBook[]): string[] {
    return books.flatMap(({ market, yesAsks, noAsks }) => [
      ...this.#difference(venue, market, 0, yesAsks),
      ...this.#difference(venue, market, 1, noAsks),
    ]);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.ends.control.advance(ENGINE_ENDING);
    const end: EngineMessage = { type: 'end' };
    await Promise.all(
      this.#workers.map(async (worker) => {
        const left = new Promise<void>((gone) => worker.once('exit', () => gone()));
        worker.postMessage(end);
        const deadline = setTimeout(() => void worker.terminate(), END_DEADLINE_MS);
        await left;
        clearTimeout(deadline);
      }),
    );
    rmSync(this.#directory, { recursive: true });
  }

  #begin(input: WorkerInput): Promise<void> {
    const worker = new Worker(workerEntry(input.role.kind), { workerData: input });
    this.#workers.push(worker);
    worker.on('exit', (code) => {
      if (!this.#isEnding)
        this.#problems.push(`a worker ended: role=${input.role.kind} code=${code}`);
    });
    return new Promise((ready, failed) => {
      worker.on('error', failed);
      worker.on('message', (message: WorkerMessage) => {
        if (message.type === 'ready') ready();
        if (message.type !== 'event' || message.event.level === 'info') return;
        if (!this.#isEnding) this.#problems.push(message.event.text);
      });
    });
  }

  #difference(venue: Venue, market: number, outcome: 0 | 1, sent: AskLevels): string[] {
    const { quotes, depth, pairs } = this.ends;
    const slot = venue * pairs.length + market;
    const quote = { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 };
    quotes.read(slot, quote);
    const levels = createAskLevels(DEPTH_LEVELS);
    depth.read(slot, outcome, levels);
    const askE4 = outcome === 0 ? quote.yesAskE4 : quote.noAskE4;
    const published = [...levels.pricesE4.subarray(0, levels.count)].map(
      (priceE4, level) => `${priceE4}x${levels.sizesCenti[level]}`,
    );
    const expected = sent.slice(0, DEPTH_LEVELS).map(([priceE4, size]) => `${priceE4}x${size}`);
    if (askE4 === (sent[0]?.[0] ?? 0) && published.join() === expected.join()) return [];
    const name = `${VENUE_NAMES[venue]} market=${market} outcome=${outcome}`;
    return [`${name} ask=${askE4} published=${published.join()} sent=${expected.join()}`];
  }
}

const NO_ORDERS = { capacity: 1, perSecond: 1 };

/** Beside the built bench, or in the build of the directory where it is run. */
function workerEntry(kind: WorkerRole['kind']): string {
  const beside = fileURLToPath(new URL(`../workers/${kind}.js`, import.meta.url));
  return existsSync(beside) ? beside : resolve(`dist/workers/${kind}.js`);
}

function configOf(layout: Layout, port: number, directory: string): EngineConfig {
  const { privateKey } = generateKeyPairSync('ed25519');
  const keyPath = join(directory, 'kalshi.pem');
  writeFileSync(keyPath, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const flags = {
    'kalshi.restUrl': `http://127.0.0.1:${port}/trade-api/v2`,
    'kalshi.wsUrl': `ws://127.0.0.1:${port}/trade-api/ws/v2`,
    'kalshi.keyId': 'bench',
    'kalshi.privateKeyPath': keyPath,
    'polymarket.restUrl': `http://127.0.0.1:${port}`,
    'polymarket.wsUrl': `ws://127.0.0.1:${port}/ws`,
    'polymarket.privateKeyPath': keyPath,
    'polymarket.funder': NOBODY,
    'polymarket.standardExchange': NOBODY,
    'polymarket.negRiskExchange': NOBODY,
    'pairs.path': directory,
    'engine.kalshiFeeds': layout.kalshiFeeds,
    'engine.polymarketFeeds': layout.polymarketFeeds,
    'engine.detectors': layout.detectors,
    'engine.wait': layout.wait,
    'trading.observe': true,
    'limits.maxSilenceMs': PATIENCE_MS,
    'limits.maxLagMs': PATIENCE_MS,
  };
  const { config } = resolveConfig({ flags, env: {} });
  const machine = { cores: availableParallelism() };
  return toEngineConfig(config, machine, { stateDir: directory, acceptDifferences: false });
}

function tradedPair({ name, polarity, kalshi, polymarket }: PairListing): TradedPair {
  const { ticker, eventTicker, exchangeIndex, priceGrid, feeType, feeMultiplier } = kalshi;
  const { conditionId, tokenIds, tickE4, minSizeCenti, negRisk, feeRate, feeExponent } = polymarket;
  const takerRate = kalshiTakerRate(feeType, feeMultiplier);
  const fees = polymarketFeeSchedule(feeRate, feeExponent);
  if (takerRate === undefined || fees === undefined) throw new Error(`no fee: pair=${name}`);
  return {
    name,
    polarity,
    kalshi: {
      ticker,
      eventTicker,
      exchangeIndex,
      grid: priceGrid,
      takerRate,
      closeMs: FAR_AWAY_MS,
      feeChangesAtMs: undefined,
    },
    polymarket: {
      conditionId,
      tokenIds,
      tickE4,
      minSizeCenti,
      negRisk,
      fees,
      protocol: 'v1',
      takerDelay: false,
    },
  };
}
