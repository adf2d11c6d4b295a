// Sends alerts to one address and says what became of them. It must not know when, or how often.
import { Webhook } from '../../net/webhook.js';
import type { Secrets } from '../secrets.js';
import type { CountedAlert } from './alert.js';
import type { SendResult } from './alert-target.js';
import { type AlertOrigin, bodyRetryAfterMs, messageBody, type TargetKind } from './formats.js';

/** The message is wrong, not the time: the same again would be refused again. */
const REFUSALS = new Set([400, 413, 414, 415, 422]);
/** Not the message but the place where it goes is wrong: it waits until somebody has mended that. */
const WRONG_PLACE = /\b(chat|channel|group)\b|_not_found/i;
const TOLD_ANSWER_CHARS = 200;

export interface SenderOptions {
  readonly kind: TargetKind;
  /** A secret. */
  readonly url: string;
  readonly chat: string | undefined;
  readonly origin: AlertOrigin;
  readonly timeoutMs: number;
  readonly secrets: Secrets;
}

export class AlertSender {
  readonly #options: SenderOptions;
  readonly #webhook: Webhook;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#webhook = new Webhook(options.url, options.timeoutMs);
  }

  /** Never rejects. */
  async send(alerts: readonly CountedAlert[]): Promise<SendResult> {
    const { kind, origin, chat } = this.#options;
    try {
      const answer = await this.#webhook.post(messageBody(kind, alerts, origin, chat));
      const { status, text } = answer;
      if (status >= 200 && status < 300) return { kind: 'taken' };
      const why = this.#why(`status=${status} ${text.slice(0, TOLD_ANSWER_CHARS)}`);
      if (REFUSALS.has(status) && !WRONG_PLACE.test(text)) return { kind: 'refused', why };
      return { kind: 'later', why, afterMs: answer.retryAfterMs ?? bodyRetryAfterMs(text) };
    } catch (error) {
      return { kind: 'later', why: this.#why(reasonOf(error)), afterMs: undefined };
    }
  }

  close(): Promise<void> {
    return this.#webhook.close();
  }

  /** Whoever answers may tell us our own address. */
  #why(text: string): string {
    return this.#options.secrets.hide(text.replace(/\s+/g, ' ').trim());
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : error.name;
  return `${code} ${error.message}`;
}
