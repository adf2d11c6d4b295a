// The engine: composes memory, workers, desk and journal, and supervises. It runs on the main thread and is never on the path of a
// price.
import { availableParallelism } from 'node:os';
import type { RecordableHistogram } from 'node:perf_hooks';
import packageJson from '../../package.json' with { type: 'json' };
import { NS_PER_MS } from '../domain/clock.js';
import { MICROS_PER_CENT } from '../domain/units.js';
import {
  type ByVenue,
  type Direction,
  KALSHI,
  NO,
  POLYMARKET,
  VENUE_COUNT,
  VENUE_NAMES,
  VENUES,
  type Venue,
  type VenueName,
  YES,
} from '../domain/venue.js';
import { BREAKER_STATES } from '../net/circuit-breaker.js';
import { ClockSkew } from '../net/clock-skew.js';
import type { RestGuards } from '../net/rest-client.js';
import { type BucketLimits, TokenBucket } from '../net/token-bucket.js';
import type { PaperRules } from '../paper/paper-exchange.js';
import { ArbBook } from '../pipeline/arb-book.js';
import { type DecisionRecord, readDecisionRecord } from '../pipeline/decision-record.js';
import {
  ENGINE_ENDING,
  ENGINE_RUNNING,
  ENGINE_STARTING,
  ENGINE_STOPPED,
  type EngineState,
} from '../shm/control-block.js';
import type { STOP_EVERYTHING } from '../shm/risk-table.js';
import { ARMED, RISK_LIMITS, STOP_OPENING } from '../shm/risk-table.js';
import { RING_EMPTY } from '../shm/spsc-ring.js';
import type { FeedCounter } from '../venues/feed.js';
import { Accounts, type Cash, type EngineAccounts } from './accounts.js';
import type { EngineConfig } from './engine-config.js';
import { EngineViews } from './engine-views.js';
import { feedConnections } from './feed-worker.js';
import { readFrozen, writeFrozen } from './frozen-markets.js';
import { Journal, journalFile } from './journal.js';
import { KeepAwake } from './keep-awake.js';
import { KILL_LEVELS, type KillState, KillSwitch } from './kill-switch.js';
import { LateLegs } from './late-legs.js';
import { MainEnds } from './main-ends.js';
import { loadTradedPairs } from './markets.js';
import { feedWorkersOf, firstWorker } from './memory.js';
import { type ClockOrigin, createClock, machineMicros } from './monotonic-clock.js';
import { createPairTerms } from './pair-terms.js';
import { loadPairs } from './pairs.js';
import { PaperAccounts } from './paper-accounts.js';
import { PaperDesk } from './paper-desk.js';
import { refuseMixedState } from './paper-log.js';
import { differenceText, Reconciliation } from './reconciliation.js';
import { recover } from './recovery.js';
import { setRiskLimits } from './risk-limits.js';
import { cleanRecord, NO_SECRETS, type SecretKeeper } from './secret-keeper.js';
import { Sinks } from './sinks.js';
import type { EngineEvent, EngineStatus, FeedStatus, SinkStatus } from './status.js';
import { Supervisor } from './supervisor.js';
import {
  createResyncHistograms,
  createStageHistograms,
  latencyRecords,
  readLatencies,
  readLatency,
  type StageHistograms,
} from './telemetry.js';
import { TermsWatch } from './terms-watch.js';
import { TradingDesk } from './trading-desk.js';
import { allocateVenues, openVenueTable, venueGuard } from './venue-guards.js';
import { VenueReactions } from './venue-reactions.js';
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
/** A market that says nothing is believed two seconds after its book; one that has none at all is not waited for. */
const FIRST_BOOKS_MS = 3_000;
/** A worker that has not gone through its loop for so long is stuck. */
const STUCK_MS = 5_000;
const LATE_LEGS_EVERY_MS = 1_000;
const KILL_FILE_EVERY_MS = 50;
const HISTORY_EVERY_MS = 1_000;
const LOADING_TOLD_MS = 5_000;
const RECONCILE_EVERY_MS = 60_000;
const LATENCY_RECORDS_EVERY_MS = 60_000;
/** At the end, for what was just committed: whoever pressed Ctrl-C waits for it. */
const SINKS_END_MS = 250;
/** A difference that is not there any more after that was a list that lagged (kalshi-api.md 3.5). */
const RECONCILE_AGAIN_MS = 3_000;
/** At the end: for replies and fills under way, and for one look at the lists. */
const DRAIN_MS = 900;

/**
 * An underround as the engine saw it, in times that another process on this machine can compare.
 */
export interface Detection {
  readonly pair: number;
  readonly direction: Direction;
  readonly kalshiAskE4: number;
  readonly polymarketAskE4: number;
  readonly atUs: number;
}

/** Everything that exists once the pairs are known. */
interface Running {
  readonly ends: MainEnds;
  readonly accounts: EngineAccounts;
  readonly desk: TradingDesk;
  readonly reactions: VenueReactions;
  readonly lateLegs: LateLegs;
  readonly views: EngineViews;
}

export class Engine {
  readonly #config: EngineConfig;
  readonly #log: (event: EngineEvent) => void;
  readonly #secrets: SecretKeeper;
  readonly #origin: ClockOrigin = process.hrtime();
  readonly #clock = createClock(this.#origin);
  readonly #startedMs = Date.now();
  readonly #histograms: StageHistograms = createStageHistograms();
  readonly #supervisor: Supervisor;
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
  #heardDetection: ((detection: Detection) => void) | undefined;
  #accounts: EngineAccounts | undefined;
  #paper: PaperDesk | undefined;
  #journal: Journal | undefined;
  #sinks: Sinks | undefined;
  #awake: KeepAwake | undefined;
  #kill: KillSwitch | undefined;
  #terms: TermsWatch | undefined;
  #venueWatch: VenueWatch | undefined;
  /** Of terms that are on their way to the workers: who has not taken them yet, by ticket. */
  readonly #tickets = new Map<number, { left: number; taken: () => void }>();
  #lastTicket = 0;
  #running: Running | undefined;
  #stoppedBecause: string | undefined;
  #stoppedNs = Number.POSITIVE_INFINITY;
  #stopping: Promise<EngineStatus> | undefined;

  constructor(
    config: EngineConfig,
    log: (event: EngineEvent) => void,
    secrets: SecretKeeper = NO_SECRETS,
  ) {
    this.#config = config;
    this.#log = log;
    this.#secrets = secrets;
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
    const accounts = this.#openAccounts();
    this.#accounts = accounts;
    // Before anything is signed: the answers say how far the exchanges' clocks are from ours.
    const watch = this.#watchVenues(accounts);
    await watch.ask();
    const session = await accounts.login();
    for (const secret of [session.apiKey, session.secretBase64, session.passphrase])
      this.#secrets.keep(secret);
    const approved = loadPairs(this.#config.pairsPath);
    const { traded, refused } = await loadTradedPairs(
      approved,
      accounts.kalshi,
      accounts.polymarket,
      this.#tellLoading(approved.length),
    );
    this.#refuseWhenStopping();
    for (const { name, why } of refused) {
      this.#say('warn', 'pair-refused', `${name} is not traded: ${why}`, { pair: name, why });
    }
    if (traded.length === 0)
      throw new Error('no approved pair can be traded: see the reasons above');
    const ends = new MainEnds(this.#config, traded, this.#venueMemory);
    setRiskLimits(ends.risk, this.#config);
    this.#kill = this.#openKillSwitch(ends);
    this.#tellKilled(this.#kill.state);
    const journal = Journal.open(this.#config.stateDir, {
      // What happens from here on nobody will know: nothing opens again in this run.
      failed: (why) => this.#journalFailed(why),
      late: (why) => this.#stopOpening(`the journal is late: ${why}`),
    });
    this.#journal = journal;
    const { paper, stateDir } = this.#config;
    refuseMixedState(stateDir, paper !== undefined, journal.store.hasOrders());
    const { profile } = this.#config;
    const atMs = this.#clock.wallMs();
    const config = { ...this.#config, kalshi: { ...this.#config.kalshi, keyId: '(hidden)' } };
    journal.write({ t: 'run', atMs, profile, version: packageJson.version, config });
    this.#sinks = this.#startSinks(ends);
    const running = this.#assemble(ends, accounts, journal);
    this.#running = running;
    this.#holdFrozen(running);
    if (this.#config.paper !== undefined) this.#openPaper(this.#config.paper, running, accounts);
    this.#terms = this.#watchTerms(running);
    for (const shard of watch.pausedShards) running.reactions.shardPaused(shard, true);
    await accounts.checkPolymarketMayBuy(traded);
    await this.#recover(running, journal);
    await this.#fillPurses(running);
    const orderLimits = await this.#readLimits(accounts);
    this.#refuseWhenStopping();
    await this.#startWorkers(running, session, orderLimits);
    if (this.#config.keepAwake) await this.#stayAwake();
    await this.#awaitBooks(running);
    this.#refuseWhenStopping();
    this.#lookAfter(running, watch);
    // What the last run left alone is held, and being evened out, before anything new is fired.
    running.desk.look();
    ends.control.advance(ENGINE_RUNNING);
    ends.wakeDetectors();
    this.#say('info', 'running', `watching ${traded.length} pairs`, { pairs: traded.length });
  }

  #openAccounts(): EngineAccounts {
    const restGuards = [this.#restGuards(KALSHI), this.#restGuards(POLYMARKET)] as const;
    if (this.#config.paper !== undefined) {
      return new PaperAccounts(this.#config, this.#clock, restGuards);
    }
    const [kalshi, polymarket] = VENUES.map((venue) =>
      venueGuard(this.#venues, venue, this.#clock),
    );
    return new Accounts(this.#config, [kalshi!.clock, polymarket!.clock], restGuards);
  }

  /** On paper: the exchange that all orders go to. */
  #openPaper(rules: PaperRules, { ends, desk }: Running, accounts: EngineAccounts): void {
    const paper = new PaperDesk({
      rules,
      stateDir: this.#config.stateDir,
      ends,
      clock: this.#clock,
      feedWorker: (venue, market) => feedWorkersOf(this.#config, market)[venue],
      filled: (fill) => desk.filled(fill),
      reply: (executor, venue, ticket, reply) =>
        void this.#supervisor.tell(`executor-${executor}`, {
          type: 'paper-reply',
          venue,
          ticket,
          reply,
        }),
      failed: (why) => this.#stopFiring(why),
    });
    this.#paper = paper;
    if (accounts instanceof PaperAccounts) accounts.use(paper.exchange);
    this.#say('warn', 'paper', 'PAPER: orders go to an exchange in this process, none is real', {
      seed: rules.seed,
    });
  }

  /** What is done again and again while the engine runs. */
  #lookAfter(running: Running, watch: VenueWatch): void {
    const { ends, desk, reactions, lateLegs, accounts, views } = running;
    this.#every(HISTORY_EVERY_MS, () => views.takePoint(this.status()));
    this.#every(VENUE_WATCH_MS, () => {
      void watch.ask();
      this.#readDueTerms(ends);
    });
    // A pause costs every underround that it outlasts: its end is looked for more often.
    this.#every(PAUSE_WATCH_MS, () => {
      if (watch.pausedShards.length > 0) void watch.ask();
    });
    this.#every(HOUSEKEEPING_MS, () => {
      this.#drainDecisions();
      this.#paper?.look();
      desk.look();
      reactions.watchBreakers();
    });
    this.#every(KILL_FILE_EVERY_MS, () => this.#kill?.look());
    this.#every(LATE_LEGS_EVERY_MS, () => lateLegs.look());
    this.#every(STUCK_MS / 5, () => this.#checkHeartbeats());
    this.#every(LATENCY_RECORDS_EVERY_MS, () => this.#journalLatencies());
    const reconciliation = new Reconciliation(accounts, ends.pairs, desk.book);
    this.#every(RECONCILE_EVERY_MS, () => void this.#reconcile(running, reconciliation));
  }

  /** Copies of the journal elsewhere; nothing when none is wanted. */
  #startSinks(ends: MainEnds): Sinks | undefined {
    const { sinks: config, stateDir } = this.#config;
    if (config === undefined) return undefined;
    const { quotes } = ends.memory;
    const markets = ends.pairs.map(({ name }) => name);
    const input = { journalPath: journalFile(stateDir), config, quotes, markets };
    const sinks = new Sinks({ input, say: this.#say.bind(this) });
    sinks.start();
    return sinks;
  }

  /** Orders leave later without it, and no other harm is done: a reason to say so, not to end. */
  async #stayAwake(): Promise<void> {
    try {
      this.#awake = await KeepAwake.start(availableParallelism());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const text = `cores may sleep, orders leave later: ${why.trim()}; install chrt (util-linux) or set engine.keepAwake: false`;
      this.#say('warn', 'not-awake', text, { why });
    }
  }

  #journalLatencies(): void {
    const records = latencyRecords(this.#histograms, this.#startedMs, this.#clock.wallMs());
    for (const record of records) this.#journal?.write(record);
  }

  /** A stop that an earlier run left must not be taken for an engine that trades. */
  #tellKilled({ level, why, by, atMs }: KillState): void {
    if (level === ARMED) return;
    const since = atMs === 0 ? '' : ` since ${new Date(atMs).toISOString()}`;
    const text = `${KILL_LEVELS[level]}${since}, from before this start: ${why}; underround resume takes it back`;
    this.#say('error', 'kill', text, { level, why, by });
  }

  #openKillSwitch({ risk }: MainEnds): KillSwitch {
    /** When the word was set, in a clock that other processes can compare. */
    let setUs = 0;
    return new KillSwitch({
      stateDir: this.#config.stateDir,
      set: (level) => {
        risk.kill(level);
        setUs = machineMicros(this.#origin, this.#clock.nowNs());
      },
      wallMs: () => this.#clock.wallMs(),
      changed: ({ level, why, by }) => {
        const facts = { level, why, by, setUs };
        const urgency = level === 0 ? 'warn' : 'error';
        this.#say(urgency, 'kill', `${KILL_LEVELS[level]}: ${why}`, facts);
      },
    });
  }

  #assemble(ends: MainEnds, accounts: EngineAccounts, journal: Journal): Running {
    const say = this.#say.bind(this);
    const after = this.#after.bind(this);
    const termsOf = createPairTerms();
    const rest = (pair: number, reason: string, forMs: number) =>
      reactions.rest(pair, reason, forMs);
    const desk: TradingDesk = new TradingDesk({
      config: this.#config,
      pairs: ends.pairs,
      memory: ends,
      holds: ends.holds,
      clock: this.#clock,
      run: journal.run,
      termsOf: (pair) => termsOf(ends.pairs[pair]!),
      takesOrders: (venue) => this.#venues.isClosed(venue),
      feedWorker: (venue, pair) => feedWorkersOf(this.#config, pair)[venue],
      journal: (record) => {
        const clean = cleanRecord(record, this.#secrets);
        journal.write(clean);
        views.take(clean);
      },
      send: (order) => void this.#supervisor.tell('executor-', { type: 'exit', order }),
      rearm: (pair, wasWritten, afterMs) => after(afterMs, () => ends.rearm(pair, wasWritten)),
      rest,
      hold: (pair, reason) => ends.holds.hold(pair, reason),
      letGo: (pair, reason) => ends.letGo(pair, reason),
      stopOpening: (why) => this.#stopOpening(why),
      skew: (ns) => this.#histograms.legSkew.record(Math.max(1, ns)),
      say,
    });
    const reactions: VenueReactions = new VenueReactions({
      config: this.#config,
      pairs: ends.pairs,
      holds: ends.holds,
      venues: this.#venues,
      letGo: (pair, reason) => ends.letGo(pair, reason),
      after,
      askVenues: () => void this.#venueWatch?.ask(),
      termsChanged: (venue, pair) => this.#terms?.changed(venue, pair),
      stopOpening: (why) => this.#stopFiring(why),
      say,
    });
    const lateLegs = new LateLegs({
      book: desk.book,
      clock: this.#clock,
      fills: (venue, sinceS) =>
        venue === KALSHI
          ? accounts.kalshiFills(sinceS, ends.pairs)
          : accounts.polymarketFills(sinceS, ends.pairs),
      filled: (fill) => desk.filled(fill),
      stoppedNs: () => this.#stoppedNs,
      unknownDeadlineMs: this.#config.risk.unknownDeadlineMs,
      tooMany: (facts) => this.#stopFiring(`too many orders are not accounted for: ${facts}`),
      say,
    });
    const views: EngineViews = new EngineViews({
      counts: this.#config,
      observe: this.#config.observe,
      ends,
      desk,
      histograms: this.#histograms,
      clock: this.#clock,
      termsOf: (pair) => termsOf(ends.pairs[pair]!),
      takesOrders: (venue) => this.#venues.isClosed(venue),
      clockSkewMs: () => Math.max(...this.#skews.map(({ skewMs = 0 }) => Math.abs(skewMs))),
    });
    return { ends, accounts, desk, reactions, lateLegs, views };
  }

  /** What earlier runs left, and what the exchanges say of it. When they differ nothing is opened, unless the user has said so. */
  async #recover(
    { ends, accounts, desk, reactions, lateLegs }: Running,
    journal: Journal,
  ): Promise<void> {
    const { differences, orders, fills, unknown } = await recover({
      stateDir: this.#config.stateDir,
      store: journal.store,
      run: journal.run,
      pairs: ends.pairs,
      accounts,
      desk,
      lateLegs,
      clock: this.#clock,
      say: this.#say.bind(this),
    });
    if (orders > 0) {
      const text = `${orders} orders and ${fills} fills of earlier runs, ${unknown} without a known outcome`;
      this.#say('info', 'recovered', text, { orders, fills, unknown });
    }
    for (const difference of differences) {
      this.#say('error', 'differs', differenceText(difference), { pair: difference.name });
    }
    if (differences.length === 0) return;
    if (this.#config.acceptDifferences) {
      for (const { pair } of differences) ends.holds.hold(pair, 'differs');
      return;
    }
    reactions.holdAll('differs');
    const text = `our journal and the exchanges differ in ${differences.length} positions: nothing is opened (--accept-differences opens all other markets)`;
    this.#say('error', 'not-opening', text, { differences: differences.length });
  }

  /** A difference that stays freezes its market. */
  async #reconcile({ ends, accounts }: Running, reconciliation: Reconciliation): Promise<void> {
    try {
      const first = await reconciliation.look(false);
      if (first.length > 0) {
        await new Promise((resolve) => setTimeout(resolve, RECONCILE_AGAIN_MS));
        const again = await reconciliation.look(true);
        for (const difference of again) {
          const isOld = first.some(
            (each) => each.venue === difference.venue && each.pair === difference.pair,
          );
          if (!isOld || ends.holds.isHeldFor(difference.pair, 'differs')) continue;
          ends.holds.hold(difference.pair, 'differs');
          const text = `${differenceText(difference)}: the market is frozen`;
          this.#say('error', 'alert-differs', text, { pair: difference.name });
        }
      }
      await this.#journalBalances(accounts, 'minute');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#say('warn', 'not-reconciled', `positions cannot be compared: ${why}`, { why });
    }
  }

  /** Whoever calls stop() during the start must not find the engine running afterwards. */
  #refuseWhenStopping(): void {
    if (this.#stopping !== undefined) throw new Error('the engine was stopped while it started');
  }

  status(): EngineStatus {
    const running = this.#running;
    const book = running?.desk.book ?? EMPTY_BOOK;
    const { counts, orders, exits, fills, decisions, detected, inFlight } = book;
    const totals = book.totals();
    const { fired = 0, ...refused } = decisions;
    return {
      state: STATE_NAMES[running?.ends.control.state() ?? ENGINE_STARTING],
      stoppedBecause: this.#stoppedBecause,
      uptimeMs: Date.now() - this.#startedMs,
      pairs: running?.ends.pairs.length ?? 0,
      feeds: { kalshi: this.#feed(KALSHI), polymarket: this.#feed(POLYMARKET) },
      opportunities: { detected, fired, refused },
      held: running?.ends.holds.counts() ?? {},
      isPaper: this.#config.paper !== undefined,
      kill: KILL_LEVELS[this.#kill?.state.level ?? 0],
      exposed: running?.desk.exposedPairs ?? 0,
      arbs: { ...counts, inFlight },
      orders: byVenue(orders),
      exits: byVenue(exits),
      fills: byVenue(fills),
      pnlMicros: totals.pnlMicros,
      costMicros: totals.costMicros,
      fees: byVenue(totals.feeMicros),
      nakedE6: totals.nakedE6,
      latencyNs: readLatencies(this.#histograms),
    };
  }

  /** Where records also go, and how far behind they are. */
  sinks(): readonly SinkStatus[] {
    return this.#sinks?.statuses() ?? [];
  }

  /** What the workers record into, for whoever wants more of it than percentiles. */
  get histograms(): StageHistograms {
    return this.#histograms;
  }

  /** How long markets were not trusted, by exchange. */
  get resyncHistograms(): ByVenue<RecordableHistogram> {
    return this.#resync;
  }

  /** `heard` gets every detection from now on, in the order of each detector. Nothing is kept here. */
  hearDetections(heard: (detection: Detection) => void): void {
    this.#heardDetection = heard;
  }

  /**
   * Stops firing, waits a moment for what is under way, ends every worker. The same promise however
   * often it is called.
   */
  stop(): Promise<EngineStatus> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  /** Stops: opening, or everything. It outlasts this process; `underround rearm` takes it back. */
  kill(level: typeof STOP_OPENING | typeof STOP_EVERYTHING, why: string, by: string): void {
    try {
      this.#kill?.stop(level, this.#secrets.scrub(why), by);
    } catch (error) {
      const text = `it is stopped, but that is not kept for the next start: ${String(error)}`;
      this.#say('error', 'kill-not-kept', text, { why });
    }
  }

  /** What is shown of markets, money and arbitrages; undefined until the pairs are known. */
  get views(): EngineViews | undefined {
    return this.#running?.views;
  }

  /** What the kill switch says. */
  get killState(): KillState | undefined {
    return this.#kill?.state;
  }

  /** Takes a stop back. Throws when the engine cannot open again without a new start. */
  resume(why: string, by: string): void {
    if (this.#stoppedBecause !== undefined) {
      throw new ActionRefused(
        `nothing can be opened again in this run: why="${this.#stoppedBecause}" do="start it again"`,
      );
    }
    if (this.#kill === undefined) throw new ActionRefused(NOT_STARTED);
    this.#kill.rearm(this.#secrets.scrub(why), by);
    this.#running?.ends.wakeDetectors();
  }

  /** Watched from now on, not fired, also by later runs; what is naked of it is still evened out. */
  freeze(market: number, why: string, by: string): void {
    const { ends } = this.#started();
    const { name } = ends.pairs[market]!;
    if (ends.holds.isHeldFor(market, FROZEN)) throw new ActionRefused(`frozen already: ${name}`);
    const { stateDir } = this.#config;
    const entry = { why: this.#secrets.scrub(why), by, atMs: this.#clock.wallMs() };
    // Held first: a file that cannot be written is told, and the market is frozen all the same.
    ends.holds.hold(market, FROZEN);
    writeFrozen(stateDir, { ...readFrozen(stateDir), [name]: entry });
    this.#say('warn', 'frozen', `${name} is frozen: ${entry.why}`, { pair: name, by });
  }

  unfreeze(market: number, why: string, by: string): void {
    const { ends } = this.#started();
    const { name } = ends.pairs[market]!;
    if (!ends.holds.isHeldFor(market, FROZEN)) throw new ActionRefused(`not frozen: ${name}`);
    const { [name]: _, ...others } = readFrozen(this.#config.stateDir);
    writeFrozen(this.#config.stateDir, others);
    ends.letGo(market, FROZEN);
    this.#say('warn', 'unfrozen', `${name} is traded again: ${why}`, { pair: name, by });
  }

  /** A limit of this run: the configuration's holds again at the next start. Throws for what is no limit, or may not be so wide. */
  setLimit(name: string, value: number, by: string): void {
    const { ends } = this.#started();
    const limit = RISK_LIMITS.find((known) => known === name);
    if (limit === undefined) {
      throw new ActionRefused(`no such limit: name=${name} known="${RISK_LIMITS.join(', ')}"`);
    }
    const { maxSizeCenti, maxCostMicros } = this.#config;
    const most: Partial<Record<string, number>> = {
      maxOrderSizeCenti: maxSizeCenti,
      maxOrderCostMicros: maxCostMicros,
    };
    if (!(value > 0) || !Number.isSafeInteger(value)) {
      throw new ActionRefused(`a limit is a whole number above 0: name=${name} value=${value}`);
    }
    if (value > (most[limit] ?? Number.POSITIVE_INFINITY)) {
      throw new ActionRefused(
        `orders are made by the configuration: name=${name} value=${value} most=${most[limit]}`,
      );
    }
    const was = ends.risk.limit(limit);
    ends.risk.setLimit(limit, value);
    const atMs = this.#clock.wallMs();
    this.#journal?.write({ t: 'limit', atMs, name, value: String(value), was: String(was) });
    this.#say('warn', 'limit-set', `${name} is ${value}, was ${was}`, { name, value, was, by });
  }

  #started(): Running {
    if (this.#running === undefined) throw new ActionRefused(NOT_STARTED);
    return this.#running;
  }

  /** What a person has frozen stays so. */
  #holdFrozen({ ends }: Running): void {
    for (const [name, { why, by }] of Object.entries(readFrozen(this.#config.stateDir))) {
      const market = ends.pairs.findIndex((pair) => pair.name === name);
      if (market === -1) continue;
      ends.holds.hold(market, FROZEN);
      this.#say('warn', 'frozen', `${name} is frozen: ${why}`, { pair: name, by });
    }
  }

  async #end(): Promise<EngineStatus> {
    const running = this.#running;
    running?.ends.control.advance(ENGINE_STOPPED);
    if (running !== undefined) await this.#drain(running);
    for (const timer of this.#timers) clearTimeout(timer);
    running?.ends.control.advance(ENGINE_ENDING);
    running?.ends.wakeDetectors();
    await this.#supervisor.end();
    await this.#awake?.end();
    this.#paper?.close();
    await this.#accounts?.close();
    const status = this.status();
    const why = this.#stoppedBecause ?? 'asked';
    this.#journalLatencies();
    this.#journal?.write({ t: 'run-end', atMs: this.#clock.wallMs(), why, summary: status });
    await this.#journal?.close();
    await this.#sinks?.end(SINKS_END_MS);
    return status;
  }

  /** Replies and fills that are under way when the engine ends belong to its result. */
  async #drain(running: Running): Promise<void> {
    const { desk, lateLegs } = running;
    const deadline = Date.now() + DRAIN_MS;
    const stoppedNs = this.#clock.nowNs();
    // A detector may have been in the middle of a fire: all are told of once each detector has gone
    // round again.
    const isUntold = () => !this.#haveDetectorsGoneRound(running, stoppedNs);
    while ((isUntold() || desk.isOpen) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, HOUSEKEEPING_MS));
      this.#drainDecisions();
      desk.look();
    }
    this.#drainDecisions();
    this.#paper?.settleAll();
    if (desk.isOpen) await lateLegs.lookNow();
    desk.book.adoptStrays();
    const left = desk.book.unresolved().length;
    if (left > 0) {
      this.#say('error', 'unresolved', `${left} orders end without a known outcome`, { left });
    }
  }

  #haveDetectorsGoneRound({ ends: { control } }: Running, sinceNs: number): boolean {
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
        pairs: running.ends.pairs,
        memory: running.ends.memory,
        shards: running.ends.shards,
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

  /** Who is told that the engine runs may count on every market. */
  async #awaitBooks({ ends }: Running): Promise<void> {
    const untilMs = performance.now() + FIRST_BOOKS_MS;
    const isWaiting = () => VENUES.some((venue) => ends.trustedMarkets(venue) < ends.pairs.length);
    while (isWaiting() && this.#stopping === undefined && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, HOUSEKEEPING_MS));
    }
  }

  /** What may be spent: cash of each Kalshi shard and of Polymarket, and what the position limits leave. */
  async #fillPurses({ ends, accounts, desk }: Running): Promise<void> {
    const { purses } = ends;
    const { kalshiByShard, polymarketMicros } = await this.#journalBalances(accounts, 'start');
    for (let shard = 0; shard < ends.shards; shard++) {
      purses.set(purses.kalshiPurse(shard), centsDown(kalshiByShard.get(shard) ?? 0));
    }
    purses.set(purses.polymarketPurse, centsDown(polymarketMicros));
    const { maxTotalPositionMicros, maxMarketPositionMicros } = this.#config.risk;
    let totalMicros = 0;
    ends.pairs.forEach((_, pair) => {
      const micros = desk.positionMicros(pair);
      totalMicros += micros;
      purses.set(purses.marketPurse(pair), centsDown(maxMarketPositionMicros - micros));
    });
    purses.set(purses.totalPurse, centsDown(maxTotalPositionMicros - totalMicros));
  }

  async #journalBalances(accounts: EngineAccounts, source: string): Promise<Cash> {
    const cash = await accounts.cash();
    const atMs = this.#clock.wallMs();
    for (const [shard, micros] of cash.kalshiByShard) {
      this.#journal?.write({ t: 'balance', atMs, venue: KALSHI, shard, micros, source });
    }
    const micros = cash.polymarketMicros;
    this.#journal?.write({ t: 'balance', atMs, venue: POLYMARKET, shard: 0, micros, source });
    return cash;
  }

  #heard(message: WorkerMessage): void {
    const running = this.#running;
    switch (message.type) {
      case 'leg':
        running?.reactions.refused(message);
        running?.desk.legReported(message);
        break;
      case 'paper-order':
        this.#paper?.ordered(message);
        break;
      case 'fill':
        running?.desk.filled(message.fill);
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
    for (const ring of running.ends.decisions) {
      while (ring.poll() !== RING_EMPTY) {
        const decision = readDecisionRecord(ring, ring.poll());
        ring.release();
        this.#tellDetection(decision);
        running.desk.decided(decision);
      }
    }
  }

  #tellDetection(decision: DecisionRecord): void {
    if (this.#heardDetection === undefined) return;
    const { pair, kalshiAskE4, polymarketAskE4, detectedNs } = decision;
    const direction = decision.direction === NO ? NO : YES;
    const atUs = machineMicros(this.#origin, detectedNs);
    this.#heardDetection({ pair, direction, kalshiAskE4, polymarketAskE4, atUs });
  }

  /** A few lines for a start that takes its time. */
  #tellLoading(pairs: number): (count: number) => void {
    let toldNs = this.#clock.nowNs();
    return (count) => {
      const nowNs = this.#clock.nowNs();
      if (nowNs - toldNs < LOADING_TOLD_MS * NS_PER_MS) return;
      toldNs = nowNs;
      const text = `the terms of ${count} of ${pairs} pairs are read`;
      this.#say('info', 'loading', text, { count, pairs });
    };
  }

  #watchVenues(accounts: EngineAccounts): VenueWatch {
    this.#venueWatch = new VenueWatch({
      kalshiShards: () => accounts.kalshiShards(),
      polymarketTime: () => accounts.polymarketTime(),
      shardPaused: (shard, isPaused) => this.#running?.reactions.shardPaused(shard, isPaused),
      unreachable: (venue, why) =>
        this.#say('warn', 'venue-unread', why, { venue: VENUE_NAMES[venue] }),
    });
    return this.#venueWatch;
  }

  #watchTerms({ ends, accounts }: Running): TermsWatch {
    return new TermsWatch(ends.pairs, {
      load: (pairs, venue) => accounts.reloadPairs(pairs, venue),
      give: (market, pair) => this.#giveTerms(market, pair),
      readmit: (venue, market) =>
        this.#supervisor.tell(`${VENUE_NAMES[venue]}-feed-`, { type: 'readmit', market }),
      hold: (market, isHeld) => {
        if (isHeld) ends.holds.hold(market, 'new-terms');
        else ends.letGo(market, 'new-terms');
      },
      say: (level, event, text) => this.#say(level, event, text, {}),
      after: (ms, work) => this.#after(ms, work),
    });
  }

  /** Fees whose change was announced have changed. */
  #readDueTerms({ pairs }: MainEnds): void {
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
  async #readLimits(accounts: EngineAccounts): Promise<ByVenue<BucketLimits>> {
    const { read, write } = await accounts.kalshiLimits();
    this.#reads[KALSHI].resize(ownShare(read));
    return [ownShare(write), POLYMARKET_ORDER_LIMITS];
  }

  #checkHeartbeats(): void {
    const running = this.#running;
    if (running === undefined) return;
    const nowNs = this.#clock.nowNs();
    const { control, workers } = running.ends;
    for (let worker = 0; worker < workers; worker++) {
      const ageMs = Math.round((nowNs - control.heartbeatNs(worker)) / 1e6);
      if (ageMs > STUCK_MS) this.#stopFiring(`worker ${worker} is stuck since ms=${ageMs}`);
    }
  }

  /** Nothing new is fired from here on; orders under way are followed to their end. */
  #stopFiring(why: string): void {
    if (this.#stoppedBecause !== undefined) return;
    this.#stoppedBecause = this.#secrets.scrub(why);
    this.#stoppedNs = this.#clock.nowNs();
    this.#running?.ends.control.advance(ENGINE_STOPPED);
    this.kill(STOP_OPENING, why, 'engine');
    this.#say('error', 'stopped', `nothing is fired any more: ${why}`, { why });
  }

  /** Said also where it is stopped already: whoever resumes must know. */
  #journalFailed(why: string): void {
    const text = `the journal fails, what happens now is not recorded: ${why}`;
    this.#say('error', 'journal-failed', text, { why });
    this.#stopFiring(`the journal fails: ${why}`);
  }

  /** Nothing new is opened until somebody re-arms; what is naked is still evened out. */
  #stopOpening(why: string): void {
    this.kill(STOP_OPENING, why, 'engine');
  }

  #feed(venue: Venue): FeedStatus {
    const running = this.#running;
    const total = (counter: FeedCounter) => running?.ends.count(venue, counter) ?? 0;
    const markets = running?.ends.pairs.length ?? 0;
    const feeds = venue === KALSHI ? this.#config.kalshiFeeds : this.#config.polymarketFeeds;
    return {
      connected: this.#connected[venue]!,
      connections: feedConnections(venue, markets, feeds),
      trustedMarkets: running?.ends.trustedMarkets(venue) ?? 0,
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
    const told = { level, event, text, facts };
    this.#log(told);
    if (level === 'info') return;
    const atMs = this.#clock.wallMs();
    this.#journal?.write({ t: 'event', atMs, ...this.#secrets.clean(told) });
  }
}

/** A person asked for what cannot be done now; nothing was changed. */
export class ActionRefused extends Error {
  readonly code = 'ACTION_REFUSED';
}

const FROZEN = 'frozen';
const NOT_STARTED = 'the engine has not read its markets yet: try again in a moment';

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
const EMPTY_BOOK = new ArbBook([], {
  settled: () => undefined,
  exitKnown: () => undefined,
  heard: () => undefined,
  booked: () => undefined,
  legIs: () => undefined,
  impossible: () => undefined,
});

function centsDown(micros: number): number {
  return Math.floor(micros / MICROS_PER_CENT);
}

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
