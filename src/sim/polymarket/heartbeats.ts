// The dead-man switch (polymarket-api.md 7): once a key has sent a beat, missing the next cancels
// its orders.
import { randomUUID } from 'node:crypto';
import { RawReply } from './http-front.js';

interface Beat {
  id: string;
  timer: NodeJS.Timeout | undefined;
}

export class Heartbeats {
  readonly #timeoutMs: number;
  readonly #onSilence: (party: string) => void;
  readonly #beats = new Map<string, Beat>();

  constructor(timeoutMs: number, onSilence: (party: string) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onSilence = onSilence;
  }

  /**
   * The first beat has the id ""; each answer names the next. A late one is told the id to go on
   * with.
   */
  beat(party: string, id: unknown): { heartbeat_id: string } | RawReply {
    const current = this.#beats.get(party);
    const isFirst = id === '' && current?.timer === undefined;
    if (!isFirst && id !== current?.id) {
      const heartbeat_id = current?.id ?? '';
      return new RawReply(JSON.stringify({ error_msg: 'Invalid Heartbeat ID', heartbeat_id }), 400);
    }
    return { heartbeat_id: this.#next(party) };
  }

  /** The older form has no ids. */
  beatWithoutId(party: string): { status: 'ok' } {
    this.#next(party);
    return { status: 'ok' };
  }

  close(): void {
    for (const { timer } of this.#beats.values()) clearTimeout(timer);
    this.#beats.clear();
  }

  #next(party: string): string {
    clearTimeout(this.#beats.get(party)?.timer);
    const timer = setTimeout(() => {
      this.#beats.set(party, { id: randomUUID(), timer: undefined });
      this.#onSilence(party);
    }, this.#timeoutMs);
    const id = randomUUID();
    this.#beats.set(party, { id, timer });
    return id;
  }
}
