// Runs the paper exchange on the main thread: shows it the books of shared memory, hands it the executors' orders, and carries back what
// it answers. It is there on paper only.
import { type Clock, NS_PER_MS } from '../domain/clock.js';
import { NO, VENUES, type Venue, YES } from '../domain/venue.js';
import {
  type PaperEvents,
  PaperExchange,
  type PaperMarket,
  type PaperRules,
} from '../paper/paper-exchange.js';
import { TrustedBooks } from '../paper/trusted-books.js';
import { DepthTable } from '../shm/depth-table.js';
import { TakenTable } from '../shm/taken-table.js';
import type { LegReply, VenueFill } from '../venues/orders.js';
import type { MainEnds } from './main-ends.js';
import { PaperLog } from './paper-log.js';
import type { WorkerMessage } from './worker-protocol.js';

/** While orders are on their way their books are looked at so often. */
const LOOK_EVERY_MS = 2;
const MAX_EXECUTORS = 2;

export interface PaperDeskParts {
  readonly rules: PaperRules;
  readonly stateDir: string;
  readonly ends: MainEnds;
  readonly clock: Clock;
  feedWorker(venue: Venue, market: number): number;
  filled(fill: VenueFill): void;
  reply(executor: number, venue: Venue, ticket: number, reply: LegReply): void;
  /** It can go on no longer. */
  failed(why: string): void;
}

type OrderMessage = Extract<WorkerMessage, { type: 'paper-order' }>;

export class PaperDesk {
  readonly exchange: PaperExchange;
  readonly #parts: PaperDeskParts;
  readonly #log: PaperLog;
  readonly #books: TrustedBooks;
  /** By slot: the publication that was last looked at. */
  readonly #seen: Int32Array;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: PaperDeskParts) {
    this.#parts = parts;
    const { ends, clock, rules, stateDir } = parts;
    const markets = ends.pairs.length;
    this.#log = PaperLog.open(stateDir);
    this.#seen = new Int32Array(markets * VENUES.length);
    const { quotes, control, memory } = ends;
    const depth = new DepthTable(memory.depth);
    const { feedWorker } = parts;
    this.#books = new TrustedBooks({ quotes, depth, control }, markets, feedWorker, clock);
    this.exchange = new PaperExchange(
      rules,
      marketsOf(ends),
      ends.shards,
      (venue, market, outcome) => this.#books.read(venue, market, outcome),
      this.#events(new TakenTable(memory.taken)),
    );
    this.exchange.restore(this.#log.records);
  }

  /** An executor's order is on its way. */
  ordered({ executor, ticket, order, then, sentNs }: OrderMessage): void {
    this.exchange.submit(order, then, sentNs, ticket * MAX_EXECUTORS + executor);
    this.#schedule();
  }

  /** To be called many times a second: what is displayed anew frees what cannot be there any more. */
  look(): void {
    const { pairs } = this.#parts.ends;
    for (const venue of VENUES) {
      for (let market = 0; market < pairs.length; market++) {
        const slot = venue * pairs.length + market;
        const updates = this.#books.updates(venue, market) | 0;
        if (this.#seen[slot] === updates) continue;
        this.#seen[slot] = updates;
        this.exchange.saw(venue, market, YES);
        this.exchange.saw(venue, market, NO);
      }
    }
    this.#match();
  }

  /** Trades that would fail later fail now: a result must not count them. */
  settleAll(): void {
    if (!this.#isClosed) this.exchange.settleAll();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#log.write(this.exchange.takenRecord());
    this.#log.close();
  }

  #events(taken: TakenTable): PaperEvents {
    const { reply, filled, ends } = this.#parts;
    return {
      recorded: (record) => this.#log.write(record),
      replied: (venue, ticket, words) =>
        reply(ticket % MAX_EXECUTORS, venue, Math.floor(ticket / MAX_EXECUTORS), words),
      filled,
      taken: (venue, market, outcome, levels) =>
        taken.publish(venue * ends.pairs.length + market, outcome, levels),
    };
  }

  #match(): void {
    if (this.#isClosed) return;
    const { clock, failed } = this.#parts;
    try {
      this.exchange.look(clock.nowNs(), clock.wallMs());
    } catch (error) {
      failed(`the paper exchange fails: ${String(error)}`);
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const leftMs = (this.exchange.nextDueNs - this.#parts.clock.nowNs()) / NS_PER_MS;
    if (leftMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(LOOK_EVERY_MS, Math.max(0, Math.ceil(leftMs)));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#match();
      this.#schedule();
    }, waitMs);
  }
}

/** With the newest terms at every question. */
function marketsOf({ pairs, holds }: MainEnds): PaperMarket[] {
  return pairs.map(({ name }, market) => ({
    name,
    get kalshiRate() {
      return pairs[market]!.kalshi.takerRate;
    },
    get shard() {
      return pairs[market]!.kalshi.exchangeIndex;
    },
    get polymarketFees() {
      return pairs[market]!.polymarket.fees;
    },
    get minSizeCenti() {
      return pairs[market]!.polymarket.minSizeCenti;
    },
    get isPaused() {
      return holds.isHeldFor(market, 'paused');
    },
    get takerDelay() {
      return pairs[market]!.polymarket.takerDelay;
    },
  }));
}
