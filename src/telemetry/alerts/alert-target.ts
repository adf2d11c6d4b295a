// One target of alerts: sends what waits for it, never faster than allowed, again and again while it is away, and never in anybody's
// way. Clock, timers, chance and the sending itself come in as arguments.
import { backoffMs } from '../../net/backoff.js';
import type { TokenBucket } from '../../net/token-bucket.js';
import type { Alert, CountedAlert } from './alert.js';
import type { Outbox } from './outbox.js';

/** What became of an attempt. */
export type SendResult =
  | { readonly kind: 'taken' }
  /** Try again, not before so long. */
  | { readonly kind: 'later'; readonly why: string; readonly afterMs: number | undefined }
  /** It does not like this message. */
  | { readonly kind: 'refused'; readonly why: string };

export interface AlertTargetParts {
  readonly name: string;
  readonly outbox: Outbox;
  readonly bucket: TokenBucket;
  /** Never rejects. */
  send(alerts: readonly CountedAlert[]): Promise<SendResult>;
  nowMs(): number;
  random(): number;
  /** Returns what cancels it. */
  after(ms: number, work: () => void): () => void;
  /** It went away, or came back. */
  changed(isUp: boolean, why: string): void;
}

/** Alerts in one message: as many as Discord takes embeds. */
export const MAX_BATCH = 10;
const BACKOFF = { baseMs: 500, capMs: 60_000 };
/** An alert that is refused so often by itself is given up: it would stand in the way of the others. */
const MAX_REFUSALS = 3;
/** A target that asks for more than this is asked again all the same. */
const MAX_RETRY_AFTER_MS = 3_600_000;

export class AlertTarget {
  readonly name: string;
  readonly #parts: AlertTargetParts;
  #cancel: (() => void) | undefined;
  #isSending = false;
  #isEnding = false;
  #hasEnded = false;
  #notBeforeMs = 0;
  #askedUntilMs = 0;
  #failures = 0;
  /** In a row. While there are any, alerts are sent one by one: the others must not fall with one that is not liked. */
  #refusals = 0;
  /** Of the alert that was refused by itself. */
  #refusedTopic: string | undefined;
  #isUp = true;
  #idle: (() => void) | undefined;
  sent = 0;
  failed = 0;

  constructor(parts: AlertTargetParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get waiting(): number {
    return this.#parts.outbox.size;
  }

  get dropped(): number {
    return this.#parts.outbox.dropped;
  }

  add(alert: Alert): void {
    this.#parts.outbox.add(alert, this.#parts.nowMs());
    this.#arm();
  }

  /** Sends what waits, repetitions too, and resolves when nothing is left or the time is over. Never rejects. */
  async flush(deadlineMs: number): Promise<void> {
    this.#isEnding = true;
    const { outbox, after } = this.#parts;
    // One try more, unless the target itself has asked for patience.
    this.#notBeforeMs = this.#askedUntilMs;
    let cancelDeadline: (() => void) | undefined;
    if (outbox.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        cancelDeadline = after(deadlineMs, resolve);
        this.#arm();
      });
    }
    cancelDeadline?.();
    this.#idle = undefined;
    this.#hasEnded = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Sets the timer for the next attempt, if there is anything to attempt. */
  #arm(): void {
    if (this.#isSending || this.#hasEnded) return;
    const waitMs = this.#waitMs();
    this.#cancel?.();
    this.#cancel = undefined;
    if (waitMs === undefined) {
      this.#idle?.();
      return;
    }
    this.#cancel = this.#parts.after(waitMs, () => {
      this.#cancel = undefined;
      void this.#attempt();
    });
  }

  #waitMs(): number | undefined {
    const { outbox, bucket, nowMs } = this.#parts;
    const dueMs = outbox.nextDueMs();
    if (dueMs === undefined) return undefined;
    const now = nowMs();
    const readyMs = Math.max(this.#isEnding ? now : dueMs, this.#notBeforeMs);
    return Math.max(readyMs - now, bucket.waitMs(1), 0);
  }

  async #attempt(): Promise<void> {
    const { outbox, bucket, nowMs, send } = this.#parts;
    const now = nowMs();
    // The timer may have come a moment early.
    if (now < this.#notBeforeMs || !bucket.has(1)) return this.#arm();
    const most = this.#refusals > 0 ? 1 : MAX_BATCH;
    const batch = outbox.take(this.#isEnding ? Number.POSITIVE_INFINITY : now, most);
    if (batch.length === 0) return this.#arm();
    bucket.take(1);
    this.#isSending = true;
    const result = await send(batch);
    this.#isSending = false;
    this.#heard(result, batch);
    this.#arm();
  }

  #heard(result: SendResult, batch: readonly CountedAlert[]): void {
    const { outbox, nowMs } = this.#parts;
    if (result.kind === 'taken') {
      this.sent += batch.length;
      this.#failures = 0;
      this.#refusals = 0;
      outbox.delivered(nowMs());
      this.#is(true, '');
      return;
    }
    this.failed++;
    this.#is(false, result.why);
    if (result.kind === 'refused' && this.#isGivenUp(batch)) outbox.refused();
    else outbox.failed();
    const { random } = this.#parts;
    const jitterMs = backoffMs(BACKOFF, this.#failures++, random());
    const askedMs = result.kind === 'later' ? (result.afterMs ?? 0) : 0;
    this.#askedUntilMs = nowMs() + Math.min(askedMs, MAX_RETRY_AFTER_MS);
    this.#notBeforeMs = Math.max(this.#askedUntilMs, nowMs() + jitterMs);
  }

  #isGivenUp(batch: readonly CountedAlert[]): boolean {
    const [alert] = batch;
    const isSame = batch.length === 1 && alert?.topic === this.#refusedTopic;
    this.#refusedTopic = batch.length === 1 ? alert?.topic : undefined;
    this.#refusals = isSame ? this.#refusals + 1 : 1;
    if (this.#refusals < MAX_REFUSALS) return false;
    this.#refusals = 1;
    this.#refusedTopic = undefined;
    return true;
  }

  #is(isUp: boolean, why: string): void {
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#parts.changed(isUp, why);
  }
}
