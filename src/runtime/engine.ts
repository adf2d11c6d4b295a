// The engine: composes memory and workers, keeps the book of arbitrages, and supervises. It runs on
// the main thread and is never on the path of a price.
import { E6_PER_CENTI } from '../domain/units.js';
import {
  type ByVenue,
  KALSHI,
  POLYMARKET,
  VENUE_COUNT,
  VENUE_NAMES,
  VENUES,
  type Venue,
  type VenueName,
} from '../domain/venue.js';
import { BREAKER_STATES } from '../net/circuit-breaker.js';
import { ClockSkew } from '../net/clock-skew.js';
import { messageOf, type RestGuards } from '../net/rest-client.js';
import { type BucketLimits, TokenBucket } from '../net/token-bucket.js';
import { ArbBook, type ArbSettled } from '../pipeline/arb-book.js';
import {
  DECISION_FIRED,
  DECISION_RECORD_BYTES,
  type DecisionRecord,
  readDecisionRecord,
} from '../pipeline/decision-record.js';
import type { LegReport } from '../pipeline/executor.js';
import {
  ControlBlock,
  ENGINE_ENDING,
  ENGINE_RUNNING,
  ENGINE_STARTING,
  ENGINE_STOPPED,
  type EngineState,
} from '../shm/control-block.js';
import { CounterReader } from '../shm/counters.js';
import { Doorbell } from '../shm/doorbell.js';
import { FlightTable } from '../shm/flight-table.js';
import { FundsTable } from '../shm/funds-table.js';
import { QuoteTable, TRUSTED, trustReason } from '../shm/quote-table.js';
import { RING_EMPTY, SpscRing } from '../shm/spsc-ring.js';
import { FEED_COUNTERS, type FeedCounter } from '../venues/feed.js';
import { Accounts } from './accounts.js';
import type { EngineConfig } from './engine-config.js';
import { feedConnections } from './feed-worker.js';
import { Holds } from './holds.js';
import { loadTradedPairs } from './markets.js';
import { allocateMemory, type EngineMemory, firstWorker } from './memory.js';
import { type ClockOrigin, createClock, machineMicros } from './monotonic-clock.js';
import { loadPairs } from './pairs.js';
import type { EngineEvent, EngineStatus, FeedStatus } from './status.js';
import { Supervisor } from './supervisor.js';
import {
  createResyncHistograms,
  createStageHistograms,
  readLatencies,
  readLatency,
  type StageHistograms,
} from './telemetry.js';
import { TermsWatch } from './terms-watch.js';
import { allocateVenues, openVenueTable, venueGuard } from './venue-guards.js';
import { PAUSE_WATCH_MS, VENUE_WATCH_MS, VenueWatch } from './venue-watch.js';
import type {
  PolymarketSession,
  TradedPair,
  WorkerInput,
  WorkerMessage,
  WorkerRole,
} from './worker-protocol.js';

/** How often decisions are read and money and rests are looked after. */
const HOUSEKEEPING_MS = 10;
/** A worker that has not gone through its loop for so long is stuck. */
const STUCK_MS = 5_000;
const RECONCILE_EVERY_MS = 1_000;
/**
 * A leg is looked up when its fills have not come by then; the lists lag by about a second
 * (kalshi-api.md 3.5).
 */
const FILLS_LATE_MS = 500;
const UNKNOWN_SETTLES_MS = 3_000;
/** A leg that is still not settled by then is looked up in every SLOW_TURN-th turn only. */
const STUBBORN_MS = 60_000;
const SLOW_TURN = 30;
/**
 * Lists are read from so much before the oldest leg asked about: the exchange's clock is not ours.
 */
const LIST_MARGIN_S = 60;
/** More than this, and we do not know what we hold: nothing more is bought. */
const MAX_UNRESOLVED_LEGS = 1_000;
/** A minute of fast trading: more, and the chain does not settle. */
const MAX_UNCONFIRMED_LEGS = 10_000;
/** At the end: for replies and fills under way, and for one look at the lists. */
const DRAIN_MS = 900;
/** Detections kept for the score of a run; more are counted, not kept. */
const MAX_DETECTIONS = 1_000_000;

/**
 * An underround as the engine saw it, in times that another process on this machine can compare.
 */
export interface Detection {
  readonly pair: number;
  readonly direction: number;
  readonly kalshiAskE4: number;
  readonly polymarketAskE4: number;
  readonly atUs: number;
}

export class Engine {
  readonly #config: EngineConfig;
  readonly #log: (event: EngineEvent) => void;
  readonly #origin: ClockOrigin = process.hrtime();
  readonly #clock = createClock(this.#origin);
  readonly #startedMs = Date.now();
  readonly #histograms: StageHistograms = createStageHistograms();
  readonly #supervisor: Supervisor;
  readonly #detections: Detection[] = [];
  readonly #venueMemory = allocateVenues();
  readonly #venues = openVenueTable(this.#venueMemory);
  readonly #skews: ByVenue<ClockSkew> = [new ClockSkew(), new ClockSkew()];
  readonly #resync = createResyncHistograms();
  readonly #reads: ByVenue<TokenBucket> = [
    new TokenBucket(KALSHI_READ_LIMITS, this.#clock),
    new TokenBucket(POLYMARKET_READ_LIMITS, this.#clock),
  ];
  readonly #connected: number[] = new Array<number>(VENUE_COUNT).fill(0);
  readonly #timers = new Set<NodeJS.Timeout>();
  #accounts: Accounts | undefined;
  #terms: TermsWatch | undefined;
  #venueWatch: VenueWatch | undefined;
  /** Of terms that are on their way to the workers: who has not taken them yet, by ticket. */
  readonly #tickets = new Map<number, { left: number; taken: () => void }>();
  #lastTicket = 0;
  #running: Running | undefined;
  #stoppedBecause: string | undefined;
  #stoppedNs = Number.POSITIVE_INFINITY;
  #stopping: Promise<EngineStatus> | undefined;
  readonly #lookingUp = new Set<Venue>();
  #reconcileTurns = 0;

  constructor(config: EngineConfig, log: (event: EngineEvent) => void) {
    this.#config = config;
    this.#log = log;
    this.#supervisor = new Supervisor({
      message: (message) => this.#heard(message),
      died: (name, why) => this.#stopFiring(`worker ${name} died: ${why}`),
    });
  }

  /**
   * Reads terms and money, starts the workers, and lets them fire. Rejects with what is wrong; call
   * stop() then too.
   */
  async start(): Promise<void> {
    const guards = VENUES.map((venue) => venueGuard(this.#venues, venue, this.#clock));
    const accounts = new Accounts(
      this.#config,
      [guards[KALSHI]!.clock, guards[POLYMARKET]!.clock],
      [this.#restGuards(KALSHI), this.#restGuards(POLYMARKET)],
    );
    this.#accounts = accounts;
    // Before anything is signed: the answers say how far the exchanges' clocks are from ours.
    const watch = this.#watchVenues(accounts);
    await watch.ask();
    const session = await accounts.login();
    const approved = loadPairs(this.#config.pairsPath);
    const { traded, refused } = await loadTradedPairs(
      approved,
      accounts.kalshi,
      accounts.polymarket,
    );
    this.#refuseWhenStopping();
    for (const { name, why } of refused) {
      this.#say('warn', 'pair-refused', `${name} is not traded: ${why}`, { pair: name, why });
    }
    if (traded.length === 0)
      throw new Error('no approved pair can be traded: see the reasons above');
    const running = new Running(this.#config, traded, accounts, this.#venueMemory, (settled) =>
      this.#settled(settled),
    );
    this.#running = running;
    this.#terms = this.#watchTerms(running);
    for (const shard of watch.pausedShards) this.#shardPaused(shard, true);
    await accounts.checkPolymarketMayBuy(traded);
    await this.#grantFunds(running);
    const orderLimits = await this.#readLimits(accounts);
    this.#refuseWhenStopping();
    await this.#startWorkers(running, session, orderLimits);
    this.#refuseWhenStopping();
    this.#every(VENUE_WATCH_MS, () => {
      void watch.ask();
      this.#readDueTerms(running);
    });
    // A pause costs every underround that it outlasts: its end is looked for more often.
    this.#every(PAUSE_WATCH_MS, () => {
      if (watch.pausedShards.length > 0) void watch.ask();
    });
    this.#every(HOUSEKEEPING_MS, () => {
      this.#drainDecisions();
      this.#watchBreakers();
    });
    this.#every(RECONCILE_EVERY_MS, () => this.#reconcile());
    this.#every(STUCK_MS / 5, () => this.#checkHeartbeats());
    running.control.advance(ENGINE_RUNNING);
    running.wakeDetectors();
    this.#say('info', 'running', `watching ${traded.length} pairs`, { pairs: traded.length });
  }

  /** Whoever calls stop() during the start must not find the engine running afterwards. */
  #refuseWhenStopping(): void {
    if (this.#stopping !== undefined) throw new Error('the engine was stopped while it started');
  }

  status(): EngineStatus {
    const running = this.#running;
    const { counts, orders, decisions, detected, inFlight } = running?.book ?? EMPTY_BOOK;
    const totals = (running?.book ?? EMPTY_BOOK).totals();
    const { fired = 0, ...refused } = decisions;
    return {
      state: STATE_NAMES[running?.control.state() ?? ENGINE_STARTING],
      stoppedBecause: this.#stoppedBecause,
      uptimeMs: Date.now() - this.#startedMs,
      pairs: running?.pairs.length ?? 0,
      feeds: { kalshi: this.#feed(KALSHI), polymarket: this.#feed(POLYMARKET) },
      opportunities: { detected, fired, refused },
      held: running?.holds.counts() ?? {},
      arbs: { ...counts, inFlight },
      orders: byVenue(orders),
      pnlMicros: totals.pnlMicros,
      costMicros: totals.costMicros,
      fees: byVenue(totals.feeMicros),
      nakedE6: totals.nakedE6,
      latencyNs: readLatencies(this.#histograms),
    };
  }

  detections(): readonly Detection[] {
    return this.#detections;
  }

  /**
   * Stops firing, waits a moment for what is under way, ends every worker. The same promise however
   * often it is called.
   */
  stop(): Promise<EngineStatus> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<EngineStatus> {
    const running = this.#running;
    running?.control.advance(ENGINE_STOPPED);
    if (running !== undefined) await this.#drain(running);
    for (const timer of this.#timers) clearTimeout(timer);
    running?.control.advance(ENGINE_ENDING);
    running?.wakeDetectors();
    await this.#supervisor.end();
    await this.#accounts?.close();
    return this.status();
  }

  /** Replies and fills that are under way when the engine ends belong to its result. */
  async #drain(running: Running): Promise<void> {
    const deadline = Date.now() + DRAIN_MS;
    const stoppedNs = this.#clock.nowNs();
    const isOpen = () => running.book.inFlight > 0 || running.book.unresolved().length > 0;
    // A detector may have been in the middle of a fire: all are told of once each detector has gone
    // round again.
    const isUntold = () => !this.#haveDetectorsGoneRound(running, stoppedNs);
    while ((isUntold() || isOpen()) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, HOUSEKEEPING_MS));
      this.#drainDecisions();
    }
    this.#drainDecisions();
    if (isOpen()) await this.#lookUp(running, running.book.unresolved());
    running.book.adoptStrays();
    const left = running.book.unresolved().length;
    if (left > 0) {
      this.#say('error', 'unresolved', `${left} orders end without a known outcome`, { left });
    }
  }

  #haveDetectorsGoneRound({ control }: Running, sinceNs: number): boolean {
    const first = firstWorker(this.#config, 'detector');
    return this.#supervisor.alive
      .filter((name) => name.startsWith('detector-'))
      .every((name) => {
        const beatNs = control.heartbeatNs(first + Number(name.slice('detector-'.length)));
        // One that has never beaten has never looked.
        return beatNs === 0 || beatNs > sinceNs;
      });
  }

  async #startWorkers(
    running: Running,
    polymarketSession: PolymarketSession,
    orderLimits: ByVenue<BucketLimits>,
  ): Promise<void> {
    const { kalshiFeeds, polymarketFeeds, detectors, executors } = this.#config;
    const begin = (name: string, worker: number, role: WorkerRole) => {
      const input: WorkerInput = {
        role,
        worker,
        config: this.#config,
        pairs: running.pairs,
        memory: running.memory,
        origin: this.#origin,
        histograms: this.#histograms,
        polymarketSession,
        orderLimits,
        resync: this.#resync,
      };
      return this.#supervisor.start(name, input);
    };
    const started: Promise<void>[] = [];
    const first = (role: Parameters<typeof firstWorker>[1]) => firstWorker(this.#config, role);
    for (let part = 0; part < kalshiFeeds; part++) {
      const role = { kind: 'feed', venue: KALSHI, part, parts: kalshiFeeds } as const;
      started.push(begin(`kalshi-feed-${part}`, first('kalshi') + part, role));
    }
    for (let part = 0; part < polymarketFeeds; part++) {
      const role = { kind: 'feed', venue: POLYMARKET, part, parts: polymarketFeeds } as const;
      started.push(begin(`polymarket-feed-${part}`, first('polymarket') + part, role));
    }
    for (let detector = 0; detector < detectors; detector++) {
      const role = { kind: 'detector', detector } as const;
      started.push(begin(`detector-${detector}`, first('detector') + detector, role));
    }
    for (let executor = 0; executor < executors; executor++) {
      const venues: Venue[] = executors === 1 ? [KALSHI, POLYMARKET] : [executor as Venue];
      const role = { kind: 'executor', executor, venues } as const;
      started.push(begin(`executor-${executor}`, first('executor') + executor, role));
    }
    await Promise.all(started);
  }

  /** Detectors share the money of each exchange evenly; each counts what it commits. */
  async #grantFunds(running: Running): Promise<void> {
    const balances = await running.accounts.balancesMicros();
    for (let venue = 0; venue < VENUE_COUNT; venue++) {
      const micros = balances[venue]!;
      if (Number.isNaN(micros)) throw new Error(`balance is not readable: venue=${venue}`);
      for (let detector = 0; detector < this.#config.detectors; detector++) {
        running.funds.grant(detector, venue, Math.floor(micros / this.#config.detectors));
      }
    }
  }

  #heard(message: WorkerMessage): void {
    const running = this.#running;
    switch (message.type) {
      case 'leg':
        this.#refused(message);
        running?.book.legReported(message);
        break;
      case 'fill':
        running?.book.filled(message.fill);
        break;
      case 'connection':
        this.#connected[message.venue]! += message.change;
        break;
      case 'event':
        this.#log(message.event);
        break;
      case 'terms-changed':
        this.#terms?.changed(message.venue, message.market);
        break;
      case 'terms-taken':
        this.#taken(message.ticket);
        break;
      case 'ready':
        break;
      default:
        message satisfies never;
    }
  }

  #drainDecisions(): void {
    const running = this.#running;
    if (running === undefined) return;
    for (const ring of running.decisions) {
      while (ring.poll() !== RING_EMPTY) {
        const decision = readDecisionRecord(ring, ring.poll());
        ring.release();
        this.#keepDetection(decision);
        if (decision.decision === DECISION_FIRED) running.firedBy.set(decision.arbId, decision);
        running.book.decided(decision);
      }
    }
  }

  #keepDetection(decision: DecisionRecord): void {
    if (this.#detections.length >= MAX_DETECTIONS) return;
    const { pair, direction, kalshiAskE4, polymarketAskE4, detectedNs } = decision;
    const atUs = machineMicros(this.#origin, detectedNs);
    this.#detections.push({ pair, direction, kalshiAskE4, polymarketAskE4, atUs });
  }

  /**
   * Both legs are known: money comes back, the pair rests a moment, longer when a leg is missing,
   * for good when it is unknown.
   */
  #settled(settled: ArbSettled): void {
    const running = this.#running;
    if (running === undefined) return;
    const { pair, outcome, arbId, legs } = settled;
    const [kalshi, polymarket] = legs;
    const decision = running.firedBy.get(arbId);
    // An unknown one settles again, once the exchanges have said what it was.
    if (outcome !== 'unknown') running.firedBy.delete(arbId);
    running.giveBack(settled);
    if (outcome !== 'unknown' && kalshi!.writtenNs > 0 && polymarket!.writtenNs > 0) {
      const skewNs = Math.abs(kalshi!.writtenNs - polymarket!.writtenNs);
      this.#histograms.legSkew.record(Math.max(1, skewNs));
    }
    const name = running.pairs[pair]!.name;
    const facts = {
      arb: arbId,
      pair: name,
      sizeCenti: kalshi!.sizeCenti,
      netMicros: decision?.netMicros ?? 0,
      kalshi: describe(kalshi!.reply),
      polymarket: describe(polymarket!.reply),
    };
    switch (outcome) {
      case 'both-filled':
        this.#say('info', 'arb-filled', `${name}: both legs filled`, facts);
        this.#rearm(settled, this.#config.refireMs);
        break;
      case 'none-filled':
        this.#say('info', 'arb-missed', `${name}: neither leg filled`, facts);
        this.#rearm(settled, this.#config.refireMs);
        break;
      case 'one-legged':
        this.#say('warn', 'arb-one-legged', `${name}: only one leg filled; the pair rests`, facts);
        this.#rearm(settled, this.#config.refireMs);
        this.#rest(pair, 'one-legged', this.#config.oneLeggedRestMs);
        break;
      case 'unknown':
        this.#say(
          'error',
          'arb-unknown',
          `${name}: a leg's outcome is unknown; the pair is held`,
          facts,
        );
        // Not settled: the pair stays in flight until somebody knows.
        break;
      default:
        outcome satisfies never;
    }
  }

  #rearm({ pair, legs }: ArbSettled, afterMs: number): void {
    const wasWritten = legs.some(({ writtenNs }) => writtenNs > 0);
    this.#after(afterMs, () => this.#running?.rearm(pair, wasWritten));
  }

  /** Watched, but not fired. */
  #rest(pair: number, reason: string, forMs: number): void {
    const running = this.#running;
    running?.holds.hold(pair, reason);
    this.#after(forMs, () => running?.letGo(pair, reason));
  }

  /** What a refusal says of the orders to come; the order that it answers is settled like any other. */
  #refused(report: LegReport): void {
    const { reply, venue, pair } = report;
    if (reply.kind !== 'rejected') return;
    const name = `${VENUE_NAMES[venue]}: ${reply.status} ${reply.code}`;
    if (reply.reaction === 'stop') {
      this.#stopFiring(`an order was refused for good: ${name}`);
    } else if (CLOSED_STATUSES.includes(reply.status)) {
      this.#restAll('venue-closed', this.#config.venueClosedRestMs, name);
    } else if (reply.status === UNAUTHORIZED) {
      // Not for good, so it is the time that was signed: the next answer says what it is there.
      this.#restAll('clock', CLOCK_REST_MS, name);
      void this.#venueWatch?.ask();
    } else if (reply.reaction === 'rest-market') {
      this.#rest(pair, 'refused', this.#config.refusedRestMs);
      this.#terms?.changed(venue, pair);
      void this.#venueWatch?.ask();
    }
  }

  /** One exchange refuses whatever comes: every order now would leave the other leg alone. */
  #restAll(reason: string, forMs: number, why: string): void {
    const running = this.#running;
    if (running === undefined || running.holds.isHeldFor(0, reason)) return;
    this.#say('warn', reason, `nothing is fired for ${forMs} ms: ${why}`, { forMs });
    running.holdAll(reason);
    this.#after(forMs, () => running.letAllGo(reason));
  }

  /** An exchange that fails takes no orders, so nothing is fired; its breaker closes by itself. */
  #watchBreakers(): void {
    const running = this.#running;
    if (running === undefined) return;
    for (const venue of VENUES) {
      const isClosed = this.#venues.isClosed(venue);
      const reason = `breaker-${VENUE_NAMES[venue]}`;
      if (running.holds.isHeldFor(0, reason) !== isClosed) continue;
      const facts = { venue: VENUE_NAMES[venue] };
      if (isClosed) {
        this.#say('info', 'breaker-closed', `${VENUE_NAMES[venue]} works again`, facts);
        running.letAllGo(reason);
      } else {
        const text = `${VENUE_NAMES[venue]} fails: it is left alone for a minute`;
        this.#say('error', 'breaker-open', text, facts);
        running.holdAll(reason);
      }
    }
  }

  #shardPaused(exchangeIndex: number, isPaused: boolean): void {
    const running = this.#running;
    const facts = { exchangeIndex };
    if (isPaused) this.#say('warn', 'paused', `kalshi shard ${exchangeIndex} is paused`, facts);
    else this.#say('info', 'resumed', `kalshi shard ${exchangeIndex} trades again`, facts);
    running?.pairs.forEach(({ kalshi }, pair) => {
      if (kalshi.exchangeIndex !== exchangeIndex) return;
      if (isPaused) running.holds.hold(pair, 'paused');
      else running.letGo(pair, 'paused');
    });
  }

  #watchVenues(accounts: Accounts): VenueWatch {
    this.#venueWatch = new VenueWatch({
      kalshiShards: () => accounts.kalshiShards(),
      polymarketTime: () => accounts.polymarketTime(),
      shardPaused: (exchangeIndex, isPaused) => this.#shardPaused(exchangeIndex, isPaused),
      unreachable: (venue, why) =>
        this.#say('warn', 'venue-unread', why, { venue: VENUE_NAMES[venue] }),
    });
    return this.#venueWatch;
  }

  #watchTerms(running: Running): TermsWatch {
    return new TermsWatch(running.pairs, {
      load: (pairs, venue) => running.accounts.reloadPairs(pairs, venue),
      give: (market, pair) => this.#giveTerms(market, pair),
      readmit: (venue, market) =>
        this.#supervisor.tell(`${VENUE_NAMES[venue]}-feed-`, { type: 'readmit', market }),
      hold: (market, isHeld) => {
        if (isHeld) running.holds.hold(market, 'new-terms');
        else running.letGo(market, 'new-terms');
      },
      say: (level, event, text) => this.#say(level, event, text, {}),
      after: (ms, work) => this.#after(ms, work),
    });
  }

  /** Fees whose change was announced have changed. */
  #readDueTerms({ pairs }: Running): void {
    const dueMs = Date.now() + VENUE_WATCH_MS;
    pairs.forEach(({ kalshi }, market) => {
      if ((kalshi.feeChangesAtMs ?? Number.POSITIVE_INFINITY) <= dueMs)
        this.#terms?.changed(KALSHI, market);
    });
  }

  /** Resolves when every detector and executor reckons with the new terms. */
  #giveTerms(market: number, pair: TradedPair): Promise<void> {
    const ticket = ++this.#lastTicket;
    return new Promise((resolve) => {
      const message = { type: 'terms', market, pair, ticket } as const;
      const left =
        this.#supervisor.tell('detector-', message) + this.#supervisor.tell('executor-', message);
      this.#tickets.set(ticket, { left, taken: resolve });
    });
  }

  #taken(ticket: number): void {
    const waiting = this.#tickets.get(ticket);
    if (waiting === undefined || --waiting.left > 0) return;
    this.#tickets.delete(ticket);
    waiting.taken();
  }

  #restGuards(venue: Venue): Partial<RestGuards> {
    const { breaker } = venueGuard(this.#venues, venue, this.#clock);
    const skew = this.#skews[venue];
    return {
      breaker,
      reads: this.#reads[venue],
      backedOff: (status, waitMs) => {
        this.#venues.backedOff(venue);
        const name = VENUE_NAMES[venue];
        this.#say('warn', 'backed-off', `${name}: ${status}, next try in ${waitMs} ms`, { waitMs });
      },
      dated: (date, sentMs, receivedMs) => {
        if (!skew.sample(date, sentMs, receivedMs)) return;
        this.#venues.setSkewMs(venue, skew.skewMs ?? 0);
      },
    };
  }

  /** What the exchanges let us do: Kalshi says so, Polymarket's lowest tier is documented (polymarket-api.md 6). */
  async #readLimits(accounts: Accounts): Promise<ByVenue<BucketLimits>> {
    const { read, write } = await accounts.kalshiLimits();
    this.#reads[KALSHI].resize(ownShare(read));
    return [ownShare(write), POLYMARKET_ORDER_LIMITS];
  }

  /**
   * Asks the exchanges about legs whose fills are late or whose outcome is unknown. Nothing is sent
   * again.
   */
  #reconcile(): void {
    const running = this.#running;
    if (running === undefined) return;
    const unresolved = running.book.unresolved();
    const unconfirmed = running.book.unconfirmed();
    if (unresolved.length > MAX_UNRESOLVED_LEGS || unconfirmed.length > MAX_UNCONFIRMED_LEGS) {
      const facts = `unresolved=${unresolved.length} unconfirmed=${unconfirmed.length}`;
      this.#stopFiring(`too many orders are not accounted for: ${facts}`);
    }
    const isSlowTurn = this.#reconcileTurns++ % SLOW_TURN === 0;
    const nowNs = this.#clock.nowNs();
    const late = unresolved.filter(({ answeredNs, dequeuedNs }) => {
      const ageMs = (nowNs - Math.max(answeredNs, dequeuedNs)) / 1e6;
      return ageMs > FILLS_LATE_MS && (isSlowTurn || ageMs < STUBBORN_MS);
    });
    if (isSlowTurn) {
      late.push(...unconfirmed.filter(({ answeredNs }) => nowNs - answeredNs > STUBBORN_MS * 1e6));
    }
    for (const venue of VENUES) {
      // One that makes us wait does not keep us from asking the other.
      if (this.#lookingUp.has(venue)) continue;
      this.#lookingUp.add(venue);
      void this.#lookUpOne(running, venue, late).finally(() => this.#lookingUp.delete(venue));
    }
  }

  /**
   * Asks each exchange by itself. Never rejects: one that does not answer now is asked again, or
   * its legs end unknown.
   */
  async #lookUp(running: Running, late: readonly LegReport[]): Promise<void> {
    await Promise.all(VENUES.map((venue) => this.#lookUpOne(running, venue, late)));
  }

  async #lookUpOne(running: Running, venue: Venue, late: readonly LegReport[]): Promise<void> {
    const own = late.filter((report) => report.venue === venue);
    // Once nothing is fired any more, legs that nobody reports may have filled all the same.
    if (own.length === 0 && this.#stoppedBecause === undefined) return;
    try {
      await this.#lookUpVenue(running, venue, own);
    } catch (error) {
      const why = messageOf(error);
      const name = VENUE_NAMES[venue];
      this.#say('warn', 'look-up-failed', `cannot read our fills: ${why}`, { venue: name, why });
    }
  }

  /**
   * The list is read from the oldest of the legs on, not from the start: it must not grow with the
   * length of a run.
   */
  async #lookUpVenue(running: Running, venue: Venue, late: readonly LegReport[]): Promise<void> {
    const { accounts, book, pairs } = running;
    const askedNs = this.#clock.nowNs();
    // What nobody reported any more was written before the stop.
    const oldestNs = Math.min(this.#stoppedNs, ...late.map(({ dequeuedNs }) => dequeuedNs));
    const sinceS = Math.floor((Date.now() - (askedNs - oldestNs) / 1e6) / 1000) - LIST_MARGIN_S;
    const fills =
      venue === KALSHI
        ? await accounts.kalshiFills(sinceS, pairs)
        : await accounts.polymarketFills(sinceS, pairs);
    for (const fill of fills) book.filled(fill);
    for (const report of late) {
      if (askedNs - report.answeredNs > UNKNOWN_SETTLES_MS * 1e6) book.resolve(report);
    }
  }

  #checkHeartbeats(): void {
    const running = this.#running;
    if (running === undefined) return;
    const nowNs = this.#clock.nowNs();
    for (let worker = 0; worker < running.workers; worker++) {
      const ageMs = Math.round((nowNs - running.control.heartbeatNs(worker)) / 1e6);
      if (ageMs > STUCK_MS) this.#stopFiring(`worker ${worker} is stuck since ms=${ageMs}`);
    }
  }

  /** Nothing new is fired from here on; orders under way are followed to their end. */
  #stopFiring(why: string): void {
    if (this.#stoppedBecause !== undefined) return;
    this.#stoppedBecause = why;
    this.#stoppedNs = this.#clock.nowNs();
    this.#running?.control.advance(ENGINE_STOPPED);
    this.#say('error', 'stopped', `nothing is fired any more: ${why}`, { why });
  }

  #feed(venue: Venue): FeedStatus {
    const running = this.#running;
    const total = (counter: FeedCounter) => running?.count(venue, counter) ?? 0;
    const markets = running?.pairs.length ?? 0;
    const feeds = venue === KALSHI ? this.#config.kalshiFeeds : this.#config.polymarketFeeds;
    return {
      connected: this.#connected[venue]!,
      connections: feedConnections(venue, markets, feeds),
      trustedMarkets: running?.trustedMarkets(venue) ?? 0,
      markets,
      frames: total('frames'),
      conflated: total('conflated'),
      gaps: total('gaps'),
      garbage: total('garbage'),
      resyncs: total('resyncs'),
      reconnects: total('reconnects'),
      silences: total('silences'),
      lates: total('lates'),
      fallbacks: total('fallbacks'),
      polls: total('polls'),
      resyncNs: readLatency(this.#resync[venue]),
      breaker: BREAKER_STATES[this.#venues.breakerState(venue)] ?? 'open',
      breakerOpenings: this.#venues.openings(venue),
      backOffs: this.#venues.backOffs(venue),
      clockSkewMs: this.#skews[venue].skewMs ?? 0,
    };
  }

  #after(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }

  #every(ms: number, work: () => void): void {
    this.#timers.add(setInterval(work, ms));
  }

  #say(
    level: EngineEvent['level'],
    event: string,
    text: string,
    facts: EngineEvent['facts'],
  ): void {
    this.#log({ level, event, text, facts });
  }
}

/**
 * Everything that exists once the pairs are known: the main thread's ends of the shared memory, and
 * the book.
 */
class Running {
  /** Element i is the pair of market i, with its newest terms. */
  readonly pairs: TradedPair[];
  readonly accounts: Accounts;
  readonly memory: EngineMemory;
  readonly control: ControlBlock;
  readonly flights: FlightTable;
  readonly holds: Holds;
  readonly funds: FundsTable;
  readonly decisions: readonly SpscRing[];
  readonly book: ArbBook;
  readonly workers: number;
  /** Decisions whose arbitrage is not settled yet. */
  readonly firedBy = new Map<number, DecisionRecord>();
  readonly #quotes: QuoteTable;
  readonly #doorbells: readonly Doorbell[];
  readonly #counters: readonly CounterReader[];
  readonly #kalshiFeeds: number;

  constructor(
    config: EngineConfig,
    pairs: readonly TradedPair[],
    accounts: Accounts,
    venues: SharedArrayBuffer,
    onSettled: (settled: ArbSettled) => void,
  ) {
    this.pairs = [...pairs];
    this.accounts = accounts;
    this.memory = allocateMemory(pairs.length, config, venues);
    this.control = new ControlBlock(this.memory.control);
    this.flights = new FlightTable(this.memory.flights);
    this.holds = new Holds(this.flights);
    this.funds = new FundsTable(this.memory.funds);
    this.decisions = this.memory.decisions.map(
      (ring) => new SpscRing(ring, DECISION_RECORD_BYTES, 'consumer'),
    );
    this.book = new ArbBook(
      pairs.map(({ polarity }) => polarity),
      onSettled,
    );
    this.workers = firstWorker(config, 'executor') + config.executors;
    this.#quotes = new QuoteTable(this.memory.quotes);
    this.#doorbells = this.memory.doorbells.map((doorbell) => new Doorbell(doorbell));
    this.#counters = this.memory.counters.map((counters) => new CounterReader(counters));
    this.#kalshiFeeds = config.kalshiFeeds;
  }

  /** The pair may be fired again, and is looked at even if no price changes. */
  rearm(pair: number, wasWritten: boolean): void {
    this.flights.settle(pair, wasWritten);
    this.#lookAgain(pair);
  }

  /** When nothing holds the pair any more, what stands in its books is looked at though no price changes. */
  letGo(pair: number, reason: string): void {
    if (this.holds.release(pair, reason)) this.#lookAgain(pair);
  }

  holdAll(reason: string): void {
    for (let pair = 0; pair < this.pairs.length; pair++) this.holds.hold(pair, reason);
  }

  letAllGo(reason: string): void {
    for (let pair = 0; pair < this.pairs.length; pair++) this.letGo(pair, reason);
  }

  #lookAgain(pair: number): void {
    const doorbell = this.#doorbells[pair % this.#doorbells.length]!;
    doorbell.mark(pair);
    doorbell.ring();
  }

  wakeDetectors(): void {
    for (const doorbell of this.#doorbells) {
      for (let pair = 0; pair < this.pairs.length; pair++) doorbell.mark(pair);
      doorbell.ring();
    }
  }

  /**
   * What was set aside for contracts that were not bought is free again. An unknown leg keeps all
   * of it.
   */
  giveBack({ pair, outcome, filledE6, legs, reservedMicros }: ArbSettled): void {
    if (outcome === 'unknown') return;
    for (let venue = 0; venue < VENUE_COUNT; venue++) {
      const wantedE6 = legs[venue]!.sizeCenti * E6_PER_CENTI;
      const missedE6 = Math.max(0, wantedE6 - filledE6[venue as Venue]);
      const micros = Math.floor((reservedMicros[venue as Venue] * missedE6) / wantedE6);
      this.funds.grant(pair % this.#doorbells.length, venue, micros);
    }
  }

  count(venue: Venue, counter: FeedCounter): number {
    const index = FEED_COUNTERS.indexOf(counter);
    return this.#counters
      .filter((_, feed) => feed < this.#kalshiFeeds === (venue === KALSHI))
      .reduce((sum, counters) => sum + counters.total(index), 0);
  }

  trustedMarkets(venue: Venue): number {
    let trusted = 0;
    for (let market = 0; market < this.pairs.length; market++) {
      const word = this.#quotes.trustWord(venue * this.pairs.length + market);
      if (trustReason(word) === TRUSTED) trusted++;
    }
    return trusted;
  }
}

/** An exchange answers so while it restarts, or takes cancels or resting orders only (polymarket-api.md 4.8, 7). */
const CLOSED_STATUSES: readonly number[] = [425, 503];
const UNAUTHORIZED = 401;
const CLOCK_REST_MS = 1_000;
/** The lowest tier of a signer (polymarket-api.md 6), in orders. */
const POLYMARKET_ORDER_LIMITS: BucketLimits = { capacity: 60, perSecond: 40 };
/** Half of what one address may read (polymarket-api.md 6: 500 in 10 s on the narrowest path), at 10 tokens a call. */
const POLYMARKET_READ_LIMITS: BucketLimits = { capacity: 2_500, perSecond: 250 };
/**
 * Calls that were held up on their way arrive together, at a bucket that was full and gained nothing meanwhile: at the exchange's own
 * figures a burst of ours met 429s.
 */
const OWN_SHARE = 0.8;

function ownShare({ capacity, perSecond }: BucketLimits): BucketLimits {
  return { capacity: capacity * OWN_SHARE, perSecond: perSecond * OWN_SHARE };
}

/** Basic tier (kalshi-api.md 4.6), until the account's own limits are read. */
const KALSHI_READ_LIMITS: BucketLimits = { capacity: 200, perSecond: 200 };
const EMPTY_BOOK = new ArbBook([], () => undefined);

const STATE_NAMES: Readonly<Record<EngineState, EngineStatus['state']>> = {
  [ENGINE_STARTING]: 'starting',
  [ENGINE_RUNNING]: 'running',
  [ENGINE_STOPPED]: 'stopped',
  [ENGINE_ENDING]: 'ending',
};

function byVenue(values: readonly [number, number]): Record<VenueName, number> {
  return {
    [VENUE_NAMES[KALSHI]]: values[KALSHI],
    [VENUE_NAMES[POLYMARKET]]: values[POLYMARKET],
  } as Record<VenueName, number>;
}

function describe(reply: ArbSettled['legs'][number]['reply']): string {
  switch (reply.kind) {
    case 'acknowledged':
      return `filled ${reply.filledE6 / 1e6}`;
    case 'rejected':
      return `rejected ${reply.status} ${reply.code}`;
    case 'unknown':
      return `unknown: ${reply.why}`;
    case 'not-written':
      return `not written: ${reply.why}`;
    default:
      return reply satisfies never;
  }
}
