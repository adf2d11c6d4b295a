// An executor's side on paper: the real gateways build and sign, without a connection and with keys made for it, so that nothing that
// they make could be taken for an order of ours; what they would write goes to the main thread.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.js';
import { KALSHI, type Venue } from '../domain/venue.js';
import { NoConnections } from '../net/no-connections.js';
import { RestClient } from '../net/rest-client.js';
import { TokenBucket } from '../net/token-bucket.js';
import { PaperGateway } from '../paper/paper-gateway.js';
import { TrustedBooks } from '../paper/trusted-books.js';
import { ControlBlock } from '../shm/control-block.js';
import { DepthTable } from '../shm/depth-table.js';
import { QuoteTable } from '../shm/quote-table.js';
import { KALSHI_ORDER_COST, KalshiOrders } from '../venues/kalshi/orders.js';
import type { OrderGateway } from '../venues/orders.js';
import { POLYMARKET_ORDER_COST, PolymarketOrders } from '../venues/polymarket/orders.js';
import { addressOf } from '../venues/polymarket/wire/sign.js';
import type { Side } from './executor-side.js';
import { feedWorkersOf } from './memory.js';
import { openVenueTable, type VenueGuard, venueGuard } from './venue-guards.js';
import type { WorkerContext } from './worker-boot.js';
import type { TradedPair, WorkerInput } from './worker-protocol.js';

const RSA_BITS = 2_048;
const EVM_KEY_BYTES = 32;

export function openPaperSide(
  venue: Venue,
  input: WorkerInput,
  context: WorkerContext,
  clock: Clock,
): Side {
  const { role, config, pairs, memory, orderLimits } = input;
  if (role.kind !== 'executor') throw new Error(`not an executor: role=${role.kind}`);
  const { executor } = role;
  const guard = venueGuard(openVenueTable(memory.venues), venue, clock);
  const bucket = new TokenBucket(orderLimits[venue], clock);
  const { real, setTerms } =
    venue === KALSHI ? kalshiBuilder(input, guard) : polymarketBuilder(input, guard);
  const books = new TrustedBooks(
    {
      quotes: new QuoteTable(memory.quotes),
      depth: new DepthTable(memory.depth),
      control: new ControlBlock(memory.control),
    },
    pairs.length,
    (of, market) => feedWorkersOf(config, market)[of],
    clock,
  );
  const gateway = new PaperGateway({
    real,
    breaker: guard.breaker,
    bucket,
    cost: venue === KALSHI ? KALSHI_ORDER_COST : POLYMARKET_ORDER_COST,
    connections: config.orderConnections,
    timeoutMs: config.orderTimeoutMs,
    clock,
    read: (of, market, outcome) => books.read(of, market, outcome),
    submit: (order, then, sentNs, ticket) =>
      context.send({ type: 'paper-order', executor, ticket, order, then, sentNs }),
  });
  return {
    gateway,
    stream: { close: () => undefined },
    setTerms,
    answered: (ticket, reply) => gateway.answered(ticket, reply),
  };
}

interface Builder {
  readonly real: OrderGateway;
  readonly setTerms: Side['setTerms'];
}

function kalshiBuilder({ config, pairs }: WorkerInput, guard: VenueGuard): Builder {
  const markets = pairs.map(({ kalshi }) => kalshi);
  const real = new KalshiOrders({
    restUrl: config.kalshi.restUrl,
    keyId: 'paper',
    privateKey: generateKeyPairSync('rsa', { modulusLength: RSA_BITS }).privateKey,
    markets,
    connections: 0,
    timeoutMs: config.orderTimeoutMs,
    ...guard,
    bucket: undefined,
    lines: new NoConnections(),
  });
  const setTerms = (market: number, { kalshi }: TradedPair) => {
    markets[market] = kalshi;
  };
  return { real, setTerms };
}

function polymarketBuilder({ config, pairs }: WorkerInput, guard: VenueGuard): Builder {
  const { restUrl, chainId, exchanges } = config.polymarket;
  const markets = pairs.map(({ polymarket }) => polymarket);
  const privateKey = new Uint8Array(randomBytes(EVM_KEY_BYTES));
  const address = addressOf(privateKey);
  const real = new PolymarketOrders({
    restUrl,
    chainId,
    exchanges,
    privateKey,
    signatureType: 0,
    funder: address,
    // Asked for the version of its protocol alone.
    rest: new RestClient(restUrl, config.requestTimeoutMs, { breaker: guard.breaker }),
    credentials: {
      address,
      apiKey: 'paper',
      secret: randomBytes(EVM_KEY_BYTES),
      passphrase: 'paper',
    },
    markets,
    connections: 0,
    timeoutMs: config.orderTimeoutMs,
    ...guard,
    bucket: undefined,
    lines: new NoConnections(),
  });
  const setTerms = (market: number, { polymarket }: TradedPair) => {
    markets[market] = polymarket;
  };
  return { real, setTerms };
}
