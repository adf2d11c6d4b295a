// Why a run ends: the first reason wins. A second Ctrl-C or SIGTERM does not wait for the first one's good manners.
import { EXIT_FAILURE } from './exit-codes.js';

export type EndReason =
  | { readonly kind: 'duration' }
  | { readonly kind: 'signal'; readonly signal: string }
  /** Nobody reads what we print any more. */
  | { readonly kind: 'output-closed' }
  | { readonly kind: 'exchange-died'; readonly words: string };

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class RunEnd {
  readonly reason: Promise<EndReason>;
  /** Aborted at the same moment, for what can be cancelled. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #resolve: (reason: EndReason) => void;
  readonly #onSignal = (signal: NodeJS.Signals) => {
    // Listeners of `exit` take the child, the keys and the live view away.
    if (this.signal.aborted) process.exit(EXIT_FAILURE);
    this.ask({ kind: 'signal', signal });
  };
  readonly #onOutputError = () => this.ask({ kind: 'output-closed' });
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    let resolve: (reason: EndReason) => void = () => undefined;
    this.reason = new Promise((settle) => {
      resolve = settle;
    });
    this.#resolve = resolve;
    this.signal = this.#controller.signal;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    process.stdout.on('error', this.#onOutputError);
    process.stderr.on('error', this.#onOutputError);
  }

  ask(reason: EndReason): void {
    this.#resolve(reason);
    this.#controller.abort();
  }

  after(durationMs: number): void {
    this.#timer = setTimeout(() => this.ask({ kind: 'duration' }), durationMs);
  }

  /** Signals stay ours until the process ends; only the clock is stopped. */
  close(): void {
    clearTimeout(this.#timer);
  }
}

export function endText(reason: EndReason): string {
  switch (reason.kind) {
    case 'duration':
      return 'duration';
    case 'signal':
      return reason.signal;
    case 'output-closed':
      return 'closed output';
    case 'exchange-died':
      return 'death of the exchanges';
    default:
      return reason satisfies never;
  }
}
