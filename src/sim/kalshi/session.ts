// One client's session: runs its commands and keeps its subscriptions (kalshi-api.md 2.2 to 2.4).
// Nothing of it survives the connection.
import { KALSHI_WS_ERROR, type KalshiWsErrorCode } from '../../venues/kalshi/wire/error-codes.js';
import type { KalshiChannel } from '../../venues/kalshi/wire/ws-messages.js';
import { parseCommand, type SubscribeCommand, type UpdateCommand } from './commands.js';
import type { Connection } from './connection.js';
import type { Directory } from './directory.js';
import type { Feed, Subscription } from './feed.js';
import {
  errorFrame,
  subscribedFrame,
  subscriptionListFrame,
  unsubscribedFrame,
  updatedFrame,
} from './frames.js';

/** Sanity caps of a session (kalshi-api.md 2.1). */
export const MAX_MARKET_SUBSCRIPTIONS = 500_000;
export const MAX_COMMANDS_PER_SECOND = 10_000;

export interface SessionLimits {
  readonly maxMarketSubscriptions: number;
  readonly maxCommandsPerSecond: number;
}

export interface SessionOptions {
  readonly connection: Connection;
  readonly feed: Feed;
  readonly directory: Directory;
  readonly limits: SessionLimits;
  readonly isLegacy: boolean;
  now(): number;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #subscriptions = new Map<number, Subscription>();
  #nextSid = 1;
  #commandSecond = 0;
  #commandsInSecond = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get connection(): Connection {
    return this.#options.connection;
  }

  /** Runs one command. Commands are answered in the order in which they come. */
  run(text: string): void {
    const { id, command } = parseCommand(text, this.#options.isLegacy);
    if (this.#isOverRate()) {
      this.#refuse(id, KALSHI_WS_ERROR.TOO_MANY_REQUESTS);
      return;
    }
    switch (command.cmd) {
      case 'error':
        this.#refuse(id, command.code);
        return;
      case 'subscribe':
        this.#subscribe(id, command);
        return;
      case 'unsubscribe':
        this.#unsubscribe(id, command.sids);
        return;
      case 'update_subscription':
        this.#update(id, command);
        return;
      case 'list_subscriptions':
        this.#list(id);
        return;
    }
  }

  /** The connection is gone, or its subscriptions are to end without a word. */
  close(): void {
    for (const subscription of this.#subscriptions.values()) {
      this.#options.feed.remove(subscription);
    }
    this.#subscriptions.clear();
  }

  /** Ends every sid with a terminal error, 10 or 25. */
  endAll(code: KalshiWsErrorCode): void {
    for (const subscription of [...this.#subscriptions.values()]) this.#end(subscription, code);
  }

  #subscribe(id: number | undefined, command: SubscribeCommand): void {
    const unknown = this.#unknownTickers(command.tickers ?? []);
    if (unknown.length > 0) {
      this.#refuse(id, KALSHI_WS_ERROR.INVALID_PARAMETER, unknown);
      return;
    }
    if (this.#isOverMarkets(command.channels.length * (command.tickers?.length ?? 0))) {
      this.#refuse(id, KALSHI_WS_ERROR.MARKET_LIMIT);
      return;
    }
    const fresh: Subscription[] = [];
    for (const channel of command.channels) {
      const present = this.#ofChannel(channel);
      if (present === undefined) fresh.push(this.#open(id, channel, command));
      // Subscribing again merges into the sid, and is answered like an update (2.3).
      else this.#addMarkets(id, present, command.tickers ?? [], command.sendInitialSnapshot);
    }
    for (const subscription of fresh) {
      this.#sendInitial(
        subscription,
        [...(subscription.tickers ?? [])],
        command.sendInitialSnapshot,
      );
    }
  }

  #open(id: number | undefined, channel: KalshiChannel, command: SubscribeCommand): Subscription {
    const { connection, feed } = this.#options;
    const subscription: Subscription = {
      connection,
      channel,
      sid: this.#nextSid++,
      seq: 0,
      tickers: command.tickers === undefined ? undefined : new Set(command.tickers),
      useYesPrice: command.useYesPrice,
      skipTickerAck: command.skipTickerAck,
      overflow: () => this.#end(subscription, KALSHI_WS_ERROR.BUFFER_OVERFLOW),
    };
    this.#subscriptions.set(subscription.sid, subscription);
    feed.add(subscription);
    connection.sendOrdered(subscribedFrame(id, channel, subscription.sid));
    return subscription;
  }

  #sendInitial(
    subscription: Subscription,
    tickers: readonly string[],
    sendInitialSnapshot: boolean,
  ): void {
    const { feed } = this.#options;
    if (subscription.channel === 'orderbook_delta') {
      feed.sendSnapshots(subscription, tickers, undefined);
    } else if (subscription.channel === 'ticker' && sendInitialSnapshot) {
      feed.sendTickers(subscription);
    }
  }

  #unsubscribe(id: number | undefined, sids: readonly number[]): void {
    if (!sids.every((sid) => this.#subscriptions.has(sid))) {
      this.#refuse(id, KALSHI_WS_ERROR.UNKNOWN_SID);
      return;
    }
    for (const sid of new Set(sids)) {
      const subscription = this.#subscriptions.get(sid)!;
      this.#drop(subscription);
      this.connection.sendOrdered(unsubscribedFrame(id, sid, ++subscription.seq));
    }
  }

  #update(id: number | undefined, command: UpdateCommand): void {
    const subscription = this.#subscriptions.get(command.sid);
    if (subscription === undefined) {
      this.#refuse(id, KALSHI_WS_ERROR.UNKNOWN_SID);
      return;
    }
    const unknown = this.#unknownTickers(command.tickers);
    if (unknown.length > 0) {
      this.#refuse(id, KALSHI_WS_ERROR.INVALID_PARAMETER, unknown);
      return;
    }
    switch (command.action) {
      case 'get_snapshot':
        this.#sendAskedSnapshots(id, subscription, command.tickers);
        return;
      case 'delete_markets':
        this.#removeMarkets(id, subscription, command.tickers);
        return;
      case 'add_markets': {
        if (this.#isOverMarkets(command.tickers.length)) {
          this.#refuse(id, KALSHI_WS_ERROR.MARKET_LIMIT);
          return;
        }
        const { tickers, sendInitialSnapshot } = command;
        this.#addMarkets(id, subscription, tickers, sendInitialSnapshot);
        return;
      }
    }
  }

  /** An empty list asks for nothing and gets nothing (2.2). */
  #sendAskedSnapshots(
    id: number | undefined,
    subscription: Subscription,
    tickers: readonly string[],
  ): void {
    if (subscription.channel !== 'orderbook_delta') {
      this.#refuse(id, KALSHI_WS_ERROR.UNSUPPORTED_ACTION);
      return;
    }
    const missing = tickers.filter((ticker) => subscription.tickers?.has(ticker) !== true);
    if (missing.length > 0) {
      this.#refuse(id, KALSHI_WS_ERROR.INVALID_PARAMETER, missing);
      return;
    }
    this.#options.feed.sendSnapshots(subscription, tickers, id);
  }

  #addMarkets(
    id: number | undefined,
    subscription: Subscription,
    tickers: readonly string[],
    sendInitialSnapshot: boolean,
  ): void {
    const present = subscription.tickers;
    const added = present === undefined ? [] : tickers.filter((ticker) => !present.has(ticker));
    for (const ticker of added) present?.add(ticker);
    if (subscription.channel === 'orderbook_delta') {
      this.#options.feed.addMarkets(subscription, added);
    }
    this.#acknowledge(id, subscription);
    this.#sendInitial(subscription, added, sendInitialSnapshot);
  }

  #removeMarkets(
    id: number | undefined,
    subscription: Subscription,
    tickers: readonly string[],
  ): void {
    if (subscription.channel === 'orderbook_delta') {
      this.#options.feed.removeMarkets(subscription, tickers);
    }
    for (const ticker of tickers) subscription.tickers?.delete(ticker);
    this.#acknowledge(id, subscription);
  }

  /** The reply takes the sid's next seq, and lists all its tickers (2.3, 2.4). */
  #acknowledge(id: number | undefined, subscription: Subscription): void {
    const { sid, skipTickerAck, tickers } = subscription;
    const listed = skipTickerAck ? undefined : [...(tickers ?? [])];
    this.connection.sendOrdered(updatedFrame(id, sid, ++subscription.seq, listed));
  }

  #list(id: number | undefined): void {
    const list = [...this.#subscriptions.values()];
    this.connection.sendOrdered(subscriptionListFrame(id, list));
  }

  #end(subscription: Subscription, code: KalshiWsErrorCode): void {
    this.#drop(subscription);
    const facts = { sid: subscription.sid, seq: ++subscription.seq };
    this.connection.sendOrdered(errorFrame(code, facts));
  }

  #drop(subscription: Subscription): void {
    this.#subscriptions.delete(subscription.sid);
    this.#options.feed.remove(subscription);
  }

  #refuse(id: number | undefined, code: KalshiWsErrorCode, tickers?: readonly string[]): void {
    this.connection.sendOrdered(errorFrame(code, tickers === undefined ? { id } : { id, tickers }));
  }

  #ofChannel(channel: KalshiChannel): Subscription | undefined {
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.channel === channel) return subscription;
    }
    return undefined;
  }

  #unknownTickers(tickers: readonly string[]): string[] {
    const { directory } = this.#options;
    return tickers.filter((ticker) => directory.byTicker(ticker) === undefined);
  }

  #isOverMarkets(added: number): boolean {
    let markets = added;
    for (const { tickers } of this.#subscriptions.values()) markets += tickers?.size ?? 0;
    return markets > this.#options.limits.maxMarketSubscriptions;
  }

  #isOverRate(): boolean {
    const second = Math.floor(this.#options.now() / 1000);
    if (second !== this.#commandSecond) {
      this.#commandSecond = second;
      this.#commandsInSecond = 0;
    }
    this.#commandsInSecond++;
    return this.#commandsInSecond > this.#options.limits.maxCommandsPerSecond;
  }
}
