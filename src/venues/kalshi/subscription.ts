// What the session asks of the exchange (kalshi-api.md 2.2): tickers in batches, at a bounded pace,
// each answer and each refusal brought to an end. It must not know books: a market is a thing with
// a ticker here.

import type { Clock } from '../../domain/clock.js';
import { type BucketLimits, TokenBucket } from '../../net/token-bucket.js';
import type { JsonObject } from '../json.js';
import { Sequence } from './sequence.js';
import type { KalshiDialect } from './wire/dialect.js';
import { type KalshiFrame, NONE } from './wire/frame.js';
import { wsReactionTo } from './ws-error-reactions.js';

/**
 * Tickers a command carries: errors 26 and 27 have unpublished limits, batches of 500 worked
 * (kalshi-api.md 2.1).
 */
export const TICKERS_PER_COMMAND = 500;
/**
 * "A few commands a second" (kalshi-api.md 8); the burst lets 4,000 markets be subscribed or mended
 * at once.
 */
export const COMMAND_LIMITS: BucketLimits = { capacity: 10, perSecond: 5 };
/** Wait after error 26 or 27, doubled by each further one, until a command is taken again. */
const BACKOFF_NS = 1_000_000_000;
const MAX_BACKOFF_NS = 30_000_000_000;
/** A command without an answer for so long has been refused or lost. */
const ANSWER_NS = 5_000_000_000;
const BOOKS_CHANNEL = 'orderbook_delta';
const LIFECYCLE_CHANNEL = 'market_lifecycle_v2';

export interface Subscribed {
  readonly ticker: string;
}

/** What becomes of the markets. */
export interface SubscriptionEvents<Market> {
  /** The exchange takes the subscription of which `askedNs` was the question; books follow. */
  booksStarted(askedNs: number): void;
  /** The exchange does not know the sid any more: no book is fed until it starts again. */
  booksEnded(nowNs: number): void;
  /** The exchange does not know the ticker. It is not asked for again. */
  refused(market: Market): void;
  /** From here on changes of state and terms are told. */
  lifecycleStarted(): void;
  /** They are not told any more; they are asked for again. */
  lifecycleLost(): void;
  /** They are not told on this connection. */
  lifecycleRefused(): void;
}

type CommandKind = 'subscribe' | 'add' | 'snapshot' | 'lifecycle';
interface Command<Market> {
  readonly kind: CommandKind;
  readonly markets: readonly Market[];
  /** The books' sid that it was about. */
  readonly sid: number;
  readonly sentNs: number;
}

export interface Probe {
  readonly id: number;
  readonly askedNs: number;
}

export interface SubscriptionOptions {
  readonly dialect: KalshiDialect;
  readonly useYesPrice: boolean;
}

export class Subscription<Market extends Subscribed> {
  /** Of the order books' frames, and of the lifecycle's. */
  readonly books = new Sequence();
  readonly lifecycle = new Sequence();
  readonly #dialect: KalshiDialect;
  readonly #useYesPrice: boolean;
  readonly #events: SubscriptionEvents<Market>;
  readonly #bucket: TokenBucket;
  /**
   * Markets to be subscribed; subscribed ones; of these, the ones whose snapshot is to be asked
   * for.
   */
  readonly #outside = new Set<Market>();
  readonly #inside = new Set<Market>();
  readonly #wanted = new Set<Market>();
  /** Refused alone, before any other was taken: it may be the ticker or all that we say. */
  readonly #suspects = new Set<Market>();
  readonly #commands = new Map<number, Command<Market>>();
  #send: ((text: string) => void) | undefined;
  #commandId = 0;
  /** Tickers of the next command: halved while one of them spoils it. */
  #batch = TICKERS_PER_COMMAND;
  /** Halved by error 26, for as long as the connection stands. */
  #maxBatch = TICKERS_PER_COMMAND;
  #backoffNs = BACKOFF_NS;
  /** No command before this, and no market added before that. */
  #quietUntilNs = 0;
  #fullUntilNs = 0;
  #lifecycleFromNs = Number.POSITIVE_INFINITY;
  #giveUp: string | undefined;

  constructor(
    { dialect, useYesPrice }: SubscriptionOptions,
    events: SubscriptionEvents<Market>,
    clock: Clock,
  ) {
    this.#dialect = dialect;
    this.#useYesPrice = useYesPrice;
    this.#events = events;
    this.#bucket = new TokenBucket(COMMAND_LIMITS, clock);
  }

  /**
   * Subscribes all of them on a new connection: nothing survives the old one (kalshi-api.md 2.1).
   */
  opened(send: (text: string) => void, markets: Iterable<Market>, nowNs: number): void {
    this.closed();
    this.#send = send;
    for (const market of markets) this.#outside.add(market);
    this.#commandId = 0;
    this.#batch = TICKERS_PER_COMMAND;
    this.#maxBatch = TICKERS_PER_COMMAND;
    this.#backoffNs = BACKOFF_NS;
    this.#quietUntilNs = nowNs;
    this.#fullUntilNs = nowNs;
    this.#lifecycleFromNs = nowNs;
    this.#giveUp = undefined;
    this.flush(nowNs);
  }

  closed(): void {
    this.#send = undefined;
    this.books.end();
    this.lifecycle.end();
    this.#commands.clear();
    for (const markets of [this.#outside, this.#inside, this.#wanted, this.#suspects]) {
      markets.clear();
    }
  }

  /** The market's book is to be told anew. One that is not subscribed yet is told when it is. */
  want(market: Market): void {
    if (this.#inside.has(market)) this.#wanted.add(market);
  }

  /**
   * A question whose answer comes in one order with the data, and its id: a book. A reply to
   * anything else comes also when the data stand still. Not held back: it is what shows that the
   * connection lives. undefined while there is nothing to ask about.
   */
  probe(nowNs: number): Probe | undefined {
    for (const [id, { kind, sentNs }] of this.#commands) {
      // One that is under way says as much.
      if (kind === 'snapshot') return { id, askedNs: sentNs };
    }
    const { sid } = this.books;
    const [market] = this.#inside;
    if (sid === NONE || market === undefined) return undefined;
    this.#bucket.take(1);
    return { id: this.#askToProve(market, sid, nowNs), askedNs: nowNs };
  }

  #askToProve(market: Market, sid: number, sentNs: number): number {
    if (this.#dialect === 'legacy') return this.#say('list_subscriptions', {});
    const command = { kind: 'snapshot', markets: [market], sid, sentNs } as const;
    const params = { sids: [sid], action: 'get_snapshot', market_tickers: [market.ticker] };
    return this.#say('update_subscription', params, command);
  }

  /** Why the connection is to be given up, if it is. */
  tick(nowNs: number): string | undefined {
    for (const [id, command] of this.#commands) {
      if (nowNs - command.sentNs <= ANSWER_NS) continue;
      this.#commands.delete(id);
      if (command.kind === 'subscribe') this.#giveUp ??= 'subscribe has no answer';
      else if (command.kind === 'lifecycle') this.#events.lifecycleRefused();
      else if (command.kind === 'add') this.#again(command);
    }
    this.flush(nowNs);
    return this.#giveUp;
  }

  /** Sends what is to be sent and may be sent now. */
  flush(nowNs: number): void {
    while (this.#send !== undefined && nowNs >= this.#quietUntilNs) {
      const kind = this.#nextKind(nowNs);
      if (kind === undefined || !this.#bucket.take(1)) return;
      this.#ask(kind, nowNs);
    }
  }

  /** The lifecycle comes last: it must not keep a book waiting. */
  #nextKind(nowNs: number): CommandKind | undefined {
    const mayAdd = this.#outside.size > 0 && nowNs >= this.#fullUntilNs;
    if (this.books.sid === NONE) {
      const isAsked = [...this.#commands.values()].some(({ kind }) => kind === 'subscribe');
      return mayAdd && !isAsked ? 'subscribe' : undefined;
    }
    if (mayAdd) return 'add';
    if (this.#wanted.size > 0) return 'snapshot';
    return nowNs >= this.#lifecycleFromNs ? 'lifecycle' : undefined;
  }

  #ask(kind: CommandKind, sentNs: number): void {
    const { sid } = this.books;
    const markets = this.#takeBatch(kind);
    const market_tickers = markets.map(({ ticker }) => ticker);
    const command = { kind, markets, sid, sentNs };
    switch (kind) {
      case 'subscribe': {
        const use_yes_price = this.#useYesPrice;
        this.#say(
          'subscribe',
          { channels: [BOOKS_CHANNEL], market_tickers, use_yes_price },
          command,
        );
        return;
      }
      case 'lifecycle':
        this.#lifecycleFromNs = Number.POSITIVE_INFINITY;
        this.#say('subscribe', { channels: [LIFECYCLE_CHANNEL] }, command);
        return;
      default: {
        const action = kind === 'add' ? 'add_markets' : 'get_snapshot';
        this.#say('update_subscription', { sids: [sid], action, market_tickers }, command);
      }
    }
  }

  #takeBatch(kind: CommandKind): Market[] {
    if (kind === 'lifecycle') return [];
    const from = kind === 'snapshot' ? this.#wanted : this.#outside;
    const batch: Market[] = [];
    for (const market of from) {
      if (batch.length === this.#batch) break;
      batch.push(market);
      from.delete(market);
    }
    return batch;
  }

  #say(cmd: string, params: object, command?: Command<Market>): number {
    const id = ++this.#commandId;
    if (command !== undefined) this.#commands.set(id, command);
    this.#send?.(JSON.stringify({ id, cmd, params }));
    return id;
  }

  /** A `subscribed` frame. */
  subscribed({ id, body }: KalshiFrame, nowNs: number): void {
    const sid = body?.sid;
    if (typeof sid !== 'number' || !Number.isSafeInteger(sid) || sid < 0) return;
    if (body?.channel === BOOKS_CHANNEL)
      this.#booksStarted(this.#answered(id, 'subscribe'), sid, 0, nowNs);
    if (body?.channel === LIFECYCLE_CHANNEL) {
      this.#answered(id, 'lifecycle');
      this.lifecycle.start(sid);
      this.#events.lifecycleStarted();
    }
    this.flush(nowNs);
  }

  /**
   * An `ok` frame: an update's answer, or that of a subscription that was merged into one which
   * stands (kalshi-api.md 2.3).
   */
  ok({ id, sid, seq }: KalshiFrame, nowNs: number): void {
    const command = this.#commands.get(id);
    if (command === undefined || sid === NONE || seq === NONE) return;
    this.#commands.delete(id);
    if (command.kind === 'subscribe') {
      this.#booksStarted(command, sid, seq, nowNs);
      // Tickers that were there before are not told again by themselves.
      for (const market of command.markets) this.want(market);
    } else if (command.kind === 'lifecycle') {
      this.lifecycle.start(sid, seq);
      this.#events.lifecycleStarted();
    } else {
      this.#accepted(command);
    }
    this.flush(nowNs);
  }

  /** A snapshot came that answers a command. */
  snapshot({ id }: KalshiFrame): void {
    const command = this.#commands.get(id);
    if (command === undefined) return;
    this.#commands.delete(id);
    this.#accepted(command);
  }

  /**
   * The command that the frame answers; where its id is not ours, as in a replay, the one of its
   * kind.
   */
  #answered(id: number, kind: CommandKind): Command<Market> | undefined {
    const own = this.#commands.get(id)?.kind === kind ? id : undefined;
    const first = [...this.#commands].find(([, command]) => command.kind === kind)?.[0];
    const answered = own ?? first ?? NONE;
    const command = this.#commands.get(answered);
    this.#commands.delete(answered);
    return command;
  }

  #booksStarted(
    command: Command<Market> | undefined,
    sid: number,
    seq: number,
    nowNs: number,
  ): void {
    this.books.start(sid, seq);
    if (command !== undefined) this.#accepted(command);
    for (const market of this.#suspects) this.#events.refused(market);
    this.#suspects.clear();
    this.#events.booksStarted(command?.sentNs ?? nowNs);
  }

  #accepted({ markets }: Command<Market>): void {
    for (const market of markets) this.#inside.add(market);
    this.#batch = Math.min(this.#batch * 2, this.#maxBatch);
    this.#backoffNs = BACKOFF_NS;
  }

  /** An `error` frame. */
  error({ id, sid, body }: KalshiFrame, nowNs: number): void {
    const code = typeof body?.code === 'number' ? body.code : 0;
    const reaction = wsReactionTo(code);
    const command = this.#commands.get(id);
    this.#commands.delete(id);
    if (command?.kind === 'lifecycle' && reaction !== 'slower') this.#events.lifecycleRefused();
    else if (reaction === 'new-connection') this.#died(sid, code, nowNs);
    else if (command === undefined) {
      if (reaction === 'slower') this.#slowDown(nowNs);
    } else {
      switch (reaction) {
        case 'subscribe-again':
          this.#startOver(command, code, nowNs);
          break;
        case 'leave-out':
          this.#leaveOut(command, namedTickers(body), code);
          break;
        case 'smaller':
          this.#halve(command);
          this.#maxBatch = this.#batch;
          this.#fullUntilNs = nowNs + this.#nextBackoffNs();
          this.#again(command);
          break;
        case 'slower':
          this.#slowDown(nowNs);
          if (command.kind === 'lifecycle') this.#lifecycleFromNs = nowNs;
          this.#again(command);
          break;
        case 'refused':
          this.#giveUp = `a command is refused kind=${command.kind} code=${code}`;
          break;
        default:
          reaction satisfies never;
      }
    }
    this.flush(nowNs);
  }

  /** Errors 10 and 25 end one sid; without one they end whatever there is. */
  #died(sid: number, code: number, nowNs: number): void {
    if (sid === NONE || sid !== this.lifecycle.sid) {
      this.#giveUp = `the subscription is dead code=${code}`;
      return;
    }
    this.lifecycle.end();
    this.#lifecycleFromNs = nowNs + BACKOFF_NS;
    this.#events.lifecycleLost();
  }

  /**
   * Everything is to be subscribed again, unless the sid that the exchange does not know is one of
   * before.
   */
  #startOver(command: Command<Market>, code: number, nowNs: number): void {
    if (command.kind === 'subscribe') {
      this.#giveUp = `subscribe is refused code=${code}`;
      return;
    }
    if (command.sid !== this.books.sid) return;
    for (const market of command.markets) this.#outside.add(market);
    for (const [id, { kind, markets }] of this.#commands) {
      if (kind === 'lifecycle') continue;
      this.#commands.delete(id);
      for (const market of markets) this.#outside.add(market);
    }
    for (const market of this.#inside) this.#outside.add(market);
    this.#inside.clear();
    this.#wanted.clear();
    this.books.end();
    this.#events.booksEnded(nowNs);
  }

  #leaveOut(command: Command<Market>, named: ReadonlySet<string>, code: number): void {
    const { markets } = command;
    let wrong = markets.filter(({ ticker }) => named.has(ticker));
    if (wrong.length === 0 && markets.length === 1) wrong = [...markets];
    // It does not say which: halves of halves find it.
    if (wrong.length === 0) this.#halve(command);
    for (const market of wrong) this.#refuse(market, command, named);
    this.#again({ ...command, markets: markets.filter((market) => !wrong.includes(market)) });
    if (this.books.sid === NONE && this.#outside.size === 0 && this.#suspects.size > 0) {
      this.#giveUp = `subscribe is refused code=${code}`;
    }
  }

  #refuse(market: Market, { kind }: Command<Market>, named: ReadonlySet<string>): void {
    if (kind === 'snapshot') {
      // It is known, but not in the sid.
      this.#inside.delete(market);
      this.#outside.add(market);
    } else if (named.has(market.ticker) || this.books.sid !== NONE) {
      this.#events.refused(market);
    } else {
      this.#suspects.add(market);
    }
  }

  /** What the command asked for is asked for again, behind everything else. */
  #again({ kind, markets }: Command<Market>): void {
    for (const market of markets) {
      if (kind === 'snapshot') this.want(market);
      else this.#outside.add(market);
    }
  }

  #halve({ markets }: Command<Market>): void {
    this.#batch = Math.max(1, Math.floor(Math.min(this.#batch, markets.length) / 2));
  }

  /** Several refusals at once are one. */
  #slowDown(nowNs: number): void {
    if (nowNs >= this.#quietUntilNs) this.#quietUntilNs = nowNs + this.#nextBackoffNs();
  }

  #nextBackoffNs(): number {
    const backoffNs = this.#backoffNs;
    this.#backoffNs = Math.min(backoffNs * 2, MAX_BACKOFF_NS);
    return backoffNs;
  }
}

/** The tickers that an error is about (kalshi-api.md 2.3). */
function namedTickers(body: JsonObject | undefined): ReadonlySet<string> {
  const { market_ticker: one, market_tickers: many } = body ?? {};
  const all: unknown[] = [one, ...(Array.isArray(many) ? many : [])];
  return new Set(all.filter((ticker) => typeof ticker === 'string'));
}
