// An executor worker: warm connections to its exchanges, the private streams of fills, and a loop a detector that takes requests.
import { readFileSync } from 'node:fs';
import { type Clock, NS_PER_MS } from '../domain/clock.js';
import { createOrderIds } from '../domain/order-id.js';
import { KALSHI, POLYMARKET, type Venue, type VenueName } from '../domain/venue.js';
import { IntentLog, intentFile } from '../journal/intent-log.js';
import { RestClient } from '../net/rest-client.js';
import { TokenBucket } from '../net/token-bucket.js';
import { WsSession } from '../net/ws-session.js';
import { EXECUTION_REQUEST_BYTES } from '../pipeline/execution-request.js';
import { Executor, type ExecutorPair } from '../pipeline/executor.js';
import { LEG_POLICIES } from '../pipeline/leg-policy.js';
import { RiskGate } from '../pipeline/risk-gate.js';
import { ControlBlock, ENGINE_ENDING } from '../shm/control-block.js';
import { FlightTable } from '../shm/flight-table.js';
import { RiskTable } from '../shm/risk-table.js';
import { SpscRing } from '../shm/spsc-ring.js';
import type { WaitName } from '../shm/wait-strategy.js';
import { KalshiFillStream } from '../venues/kalshi/fills.js';
import { kalshiHeaders } from '../venues/kalshi/headers.js';
import { KalshiOrders } from '../venues/kalshi/orders.js';
import { readKalshiPrivateKey } from '../venues/kalshi/wire/auth.js';
import type { VenueFill } from '../venues/orders.js';
import { PolymarketOrders } from '../venues/polymarket/orders.js';
import { PolymarketFillStream } from '../venues/polymarket/user-stream.js';
import { kalshiMarketIndex, polymarketFillMarkets, readEvmKey } from './accounts.js';
import type { Side } from './executor-side.js';
import { feedWorkersOf } from './memory.js';
import { createClock } from './monotonic-clock.js';
import { openPaperSide } from './paper-side.js';
import { openVenueTable, venueGuard } from './venue-guards.js';
import { beatEvery, reportConnection, type WorkerContext, whenEnded } from './worker-boot.js';
import type { EngineMessage, TradedPair, WorkerInput } from './worker-protocol.js';

const TICK_MS = 250;
/**
 * An idle executor goes through the motions so often. Every 2 ms takes 4 % of a core; after 5 ms the caches are half cold
 * (2-core AMD EPYC: keccak and ECDSA 43 us hot, 58 us after 5 ms, 136 us after 50 ms).
 */
const REHEARSE_EVERY_MS = 1;
/** Before the first request: until the code is compiled. */
const REHEARSALS_AT_START = 3_000;
/** Turns of the event loop that a hybrid executor stays awake after work. */
const HYBRID_TURNS = 50;

export async function runExecutor(input: WorkerInput, context: WorkerContext): Promise<void> {
  const { role, memory, config, histograms } = input;
  if (role.kind !== 'executor') throw new Error(`not an executor: role=${role.kind}`);
  const clock = createClock(input.origin);
  const control = new ControlBlock(memory.control);
  const onFill = (fill: VenueFill) => context.send({ type: 'fill', fill });
  const sides = role.venues.map((venue) => openSide(venue, input, context, clock, onFill));
  const recorderOf = (stage: keyof typeof histograms) => (ns: number) =>
    histograms[stage].record(Math.max(1, ns));
  const executorPair = ({ polarity, kalshi }: TradedPair, market: number): ExecutorPair => ({
    polarity,
    closeMs: kalshi.closeMs,
    feedWorkers: feedWorkersOf(config, market),
  });
  const intents = IntentLog.open(
    intentFile(config.stateDir, role.executor),
    clock,
    input.pairs.map(({ kalshi }) => kalshi.ticker),
  );
  const executor = new Executor({
    gateways: sides.map(({ gateway }) => gateway),
    pairs: input.pairs.map(executorPair),
    policy: LEG_POLICIES[config.legPolicy],
    gate: new RiskGate(
      {
        risk: new RiskTable(memory.risk),
        control,
        venues: openVenueTable(memory.venues),
        flights: new FlightTable(memory.flights),
      },
      clock,
    ),
    intents,
    nextOrderId: createOrderIds(`ur${role.executor}`, clock.wallMs),
    clock,
    timings: {
      detectedToDequeued: recorderOf('detectedToDequeued'),
      dequeuedToWritten: recorderOf('dequeuedToWritten'),
      receivedToWritten: recorderOf('receivedToWritten'),
      writtenToAnswered: recorderOf('writtenToAnswered'),
    },
    report: (report) => context.send(report),
  });
  await Promise.all(sides.map(({ gateway }) => gateway.start()));
  for (let count = 0; count < REHEARSALS_AT_START; count++) executor.rehearse();
  const stopBeating = beatEvery(() => control.beat(input.worker, clock.nowNs()));
  const told = (message: EngineMessage) => {
    if (message.type === 'exit') executor.exit(message.order);
    if (message.type === 'paper-reply') {
      const side = sides.find(({ gateway }) => gateway.venue === message.venue);
      side?.answered?.(message.ticket, message.reply);
    }
    if (message.type !== 'terms') return;
    for (const { setTerms } of sides) setTerms(message.market, message.pair);
    executor.setPair(message.market, executorPair(message.pair, message.market));
    context.send({ type: 'terms-taken', ticket: message.ticket });
  };
  const close = async () => {
    stopBeating();
    for (const { stream } of sides) stream.close();
    await Promise.all(sides.map(({ gateway }) => gateway.close()));
    intents.close();
  };
  whenEnded(context, close, told);
  context.send({ type: 'ready' });
  const rings = memory.requests.map(
    (byExecutor) => new SpscRing(byExecutor[role.executor]!, EXECUTION_REQUEST_BYTES, 'consumer'),
  );
  const rehearse = createRehearsal(executor, clock);
  await Promise.all(
    rings.map((ring, at) =>
      serve(ring, executor, control, config.wait, at === 0 ? rehearse : () => undefined),
    ),
  );
}

/** One for all rings, however they wait: rehearses when it is called and the last time is long enough ago. */
function createRehearsal(executor: Executor, clock: Clock): () => void {
  let rehearsedNs = 0;
  return () => {
    const nowNs = clock.nowNs();
    if (nowNs - rehearsedNs < REHEARSE_EVERY_MS * NS_PER_MS) return;
    executor.rehearse();
    rehearsedNs = nowNs;
  };
}

/** Takes requests until the engine ends. Sockets live here: the event loop is never blocked, only left idle. */
async function serve(
  ring: SpscRing,
  executor: Executor,
  control: ControlBlock,
  wait: WaitName,
  idle: () => void,
): Promise<void> {
  const awakeTurns =
    wait === 'spin' ? Number.POSITIVE_INFINITY : wait === 'block' ? 0 : HYBRID_TURNS;
  let idleTurns = 0;
  while (control.state() !== ENGINE_ENDING) {
    if (executor.step(ring) > 0) {
      idleTurns = 0;
    } else if (idleTurns < awakeTurns) {
      idleTurns++;
      idle();
    } else {
      if (!(await ring.whenPublished(REHEARSE_EVERY_MS))) idle();
      continue;
    }
    // Replies are read between two turns, also while requests keep coming.
    await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function openSide(
  venue: Venue,
  input: WorkerInput,
  context: WorkerContext,
  clock: Clock,
  onFill: (fill: VenueFill) => void,
): Side {
  // The one place that decides whether orders are real.
  if (input.config.paper !== undefined) return openPaperSide(venue, input, context, clock);
  return venue === KALSHI
    ? openKalshi(input, context, clock, onFill)
    : openPolymarket(input, context, clock, onFill);
}

function openKalshi(
  { config, pairs, memory, orderLimits }: WorkerInput,
  context: WorkerContext,
  clock: Clock,
  onFill: (fill: VenueFill) => void,
): Side {
  const { restUrl, wsUrl, keyId, privateKeyPath } = config.kalshi;
  const privateKey = readKalshiPrivateKey(readFileSync(privateKeyPath, 'utf8'));
  const markets = pairs.map(({ kalshi }) => kalshi);
  const setTerms = (market: number, { kalshi }: TradedPair) => {
    markets[market] = kalshi;
  };
  const gateway = new KalshiOrders({
    restUrl,
    keyId,
    privateKey,
    markets,
    connections: config.orderConnections,
    timeoutMs: config.orderTimeoutMs,
    ...venueGuard(openVenueTable(memory.venues), KALSHI, clock),
    bucket: new TokenBucket(orderLimits[KALSHI], clock),
  });
  const { pathname } = new URL(wsUrl);
  const stream = new WsSession(
    {
      url: wsUrl,
      headers: () => kalshiHeaders(keyId, privateKey, clock.wallMs(), 'GET', pathname),
    },
    new KalshiFillStream(kalshiMarketIndex(pairs), onFill, {
      onUnreadable: tellUnreadable(context, 'kalshi'),
    }),
    reportConnection(context, undefined, 'kalshi fills'),
    clock,
    Math.random,
    TICK_MS,
  );
  return { gateway, stream, setTerms };
}

/** What cannot be read may be a fill of ours: the order that it belongs to is looked up. */
function tellUnreadable(context: WorkerContext, venue: VenueName): (text: string) => void {
  return (text) =>
    context.send({
      type: 'event',
      event: {
        level: 'error',
        event: 'unreadable',
        text: `${venue} told something of our orders that cannot be read: ${text.slice(0, 200)}`,
        facts: { venue },
      },
    });
}

function openPolymarket(
  { config, pairs, memory, orderLimits, polymarketSession }: WorkerInput,
  context: WorkerContext,
  clock: Clock,
  onFill: (fill: VenueFill) => void,
): Side {
  const { restUrl, wsUrl, chainId, exchanges, funder, signatureType, privateKeyPath } =
    config.polymarket;
  const credentials = {
    address: polymarketSession.address,
    apiKey: polymarketSession.apiKey,
    secret: Buffer.from(polymarketSession.secretBase64, 'base64'),
    passphrase: polymarketSession.passphrase,
  };
  const markets = pairs.map(({ polymarket }) => polymarket);
  const setTerms = (market: number, { polymarket }: TradedPair) => {
    markets[market] = polymarket;
  };
  const guard = venueGuard(openVenueTable(memory.venues), POLYMARKET, clock);
  const rest = new RestClient(restUrl, config.requestTimeoutMs, { breaker: guard.breaker });
  const gateway = new PolymarketOrders({
    restUrl,
    chainId,
    exchanges,
    privateKey: readEvmKey(privateKeyPath),
    signatureType,
    funder,
    rest,
    credentials,
    markets,
    connections: config.orderConnections,
    timeoutMs: config.orderTimeoutMs,
    ...guard,
    bucket: new TokenBucket(orderLimits[POLYMARKET], clock),
  });
  const stream = new WsSession(
    { url: `${wsUrl}/user`, headers: () => ({}) },
    new PolymarketFillStream(credentials, polymarketFillMarkets(pairs), onFill, {
      onUnreadable: tellUnreadable(context, 'polymarket'),
    }),
    reportConnection(context, undefined, 'polymarket fills'),
    clock,
    Math.random,
    TICK_MS,
  );
  return { gateway, stream, setTerms };
}
