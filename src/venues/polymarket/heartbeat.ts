// The dead-man switch (polymarket-api.md 7): once it beats, the exchange cancels all our orders
// when it stops for about 10 s. Nobody starts it unasked. It must not know of orders.
import { z } from 'zod';
import { messageOf, type RestClient, RestError } from '../../net/rest-client.js';
import { parseObject } from '../json.js';
import { type PolymarketIdentity, privateCall } from './private-call.js';

const PATH = '/v1/heartbeats';
const BEAT_EVERY_MS = 5_000;
const WRONG_ID = 400;

const beatSchema = z.object({ heartbeat_id: z.string().min(1) });

export interface HeartbeatOptions {
  readonly rest: RestClient;
  readonly identity: PolymarketIdentity;
  /** Told of each beat that failed or came too late to be made. */
  readonly onFailed: (why: string) => void;
  readonly everyMs?: number;
}

export class PolymarketHeartbeat {
  readonly #options: HeartbeatOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Empty before the first beat; each answer names the next one's. */
  #id = '';
  #isUnderWay = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Beats now and every 5 s. From the first beat on all open orders hang on it. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#tick(), this.#options.everyMs ?? BEAT_EVERY_MS);
    this.#tick();
  }

  /** The exchange cancels what rests about 10 s later. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#isUnderWay) {
      this.#options.onFailed('the beat before has no answer yet');
      return;
    }
    this.#isUnderWay = true;
    void this.#beat();
  }

  async #beat(): Promise<void> {
    try {
      this.#id = await this.#send();
    } catch (error) {
      this.#options.onFailed(messageOf(error));
    }
    this.#isUnderWay = false;
  }

  /** A refusal of the id names the right one: it is tried once more with that. */
  async #send(): Promise<string> {
    try {
      return await this.#post(this.#id);
    } catch (error) {
      const current = error instanceof RestError ? currentId(error) : undefined;
      if (current === undefined) throw error;
      return this.#post(current);
    }
  }

  async #post(heartbeat_id: string): Promise<string> {
    const { rest, identity } = this.#options;
    const body = JSON.stringify({ heartbeat_id });
    const call = privateCall(rest, identity, { method: 'POST', path: PATH, body });
    return (await rest.call(call, beatSchema)).heartbeat_id;
  }
}

function currentId({ status, body }: RestError): string | undefined {
  if (status !== WRONG_ID) return undefined;
  const id = parseObject(body)?.heartbeat_id;
  return typeof id === 'string' && id !== '' ? id : undefined;
}
