// The user socket (polymarket-api.md 9): one key's orders and trades, filtered by condition id.
// Nothing is replayed.
import type { WebSocket } from 'ws';
import { PING, PONG, type UserMessage } from '../../venues/polymarket/wire/ws-messages.js';
import type { Session } from './api-keys.js';
import type { Outbound } from './outbound.js';
import { parseObject } from './subscription-message.js';

const MAX_FILTERED_MARKETS = 10_000;

interface Client {
  readonly socket: WebSocket;
  /** Address of the key that logged in. */
  party: string | undefined;
  /** undefined: all markets. */
  markets: Set<string> | undefined;
}

export interface UserChannelOptions {
  readonly outbound: Outbound;
  login(apiKey: unknown, secret: unknown, passphrase: unknown): Session | undefined;
}

export class UserChannel {
  readonly #options: UserChannelOptions;
  readonly #clients = new Set<Client>();

  constructor(options: UserChannelOptions) {
    this.#options = options;
  }

  connect(socket: WebSocket): void {
    const client: Client = { socket, party: undefined, markets: undefined };
    this.#clients.add(client);
    socket.on('message', (data) => this.#onMessage(client, data.toString()));
    socket.on('close', () => this.#clients.delete(client));
  }

  send(party: string, message: UserMessage): void {
    let frame = '';
    for (const client of this.#clients) {
      if (client.party !== party) continue;
      if (client.markets !== undefined && !client.markets.has(message.market)) continue;
      if (frame === '') frame = JSON.stringify(message);
      this.#options.outbound.sendControl(client.socket, frame);
    }
  }

  #onMessage(client: Client, text: string): void {
    if (text === PING) {
      this.#options.outbound.sendControl(client.socket, PONG);
      return;
    }
    const message = parseObject(text);
    if (message === undefined) return;
    const { markets } = message;
    const conditions = Array.isArray(markets)
      ? markets.filter((market) => typeof market === 'string').slice(0, MAX_FILTERED_MARKETS)
      : undefined;
    if (message.operation === undefined) this.#login(client, message, conditions);
    else if (message.operation === 'subscribe') this.#filter(client, conditions ?? []);
    else for (const market of conditions ?? []) client.markets?.delete(market);
  }

  #login(client: Client, message: Record<string, unknown>, markets: string[] | undefined): void {
    const auth = (message.auth ?? {}) as Record<string, unknown>;
    const session = this.#options.login(auth.apiKey, auth.secret, auth.passphrase);
    if (session === undefined || message.type !== 'user') {
      // Not documented; reports speak of a silent close.
      client.socket.close();
      return;
    }
    client.party = session.address;
    if (markets !== undefined && markets.length > 0) client.markets = new Set(markets);
  }

  #filter(client: Client, markets: readonly string[]): void {
    if (client.markets === undefined) return;
    for (const market of markets) {
      if (client.markets.size < MAX_FILTERED_MARKETS) client.markets.add(market);
    }
  }
}
