// The dead-man switch (polymarket-api.md 7): once an account has sent a beat, missing the next
// cancels its orders.
import { randomUUID } from 'node:crypto';
import { RawReply } from './http-front.js';

const TIMEOUT_MS = 10_000;

interface Beat {
  id: string;
  timer: NodeJS.Timeout;
}

export class Heartbeats {
  readonly #onSilence: (account: string) => void;
  readonly #beats = new Map<string, Beat>();

  constructor(onSilence: (account: string) => void) {
    this.#onSilence = onSilence;
  }

  /** The first beat has no id; each answer names the next. */
  beat(account: string, id: unknown): { heartbeat_id: string } | RawReply {
    const current = this.#beats.get(account);
    if (current !== undefined && id !== current.id) {
      return new RawReply(
        JSON.stringify({ error_msg: 'Invalid Heartbeat ID', heartbeat_id: current.id }),
        400,
      );
    }
    clearTimeout(current?.timer);
    const timer = setTimeout(() => {
      this.#beats.delete(account);
      this.#onSilence(account);
    }, TIMEOUT_MS);
    const next = { id: randomUUID(), timer };
    this.#beats.set(account, next);
    return { heartbeat_id: next.id };
  }

  close(): void {
    for (const { timer } of this.#beats.values()) clearTimeout(timer);
    this.#beats.clear();
  }
}
