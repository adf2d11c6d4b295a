// Plays a virtual-time market against the wall: hands each operation over when its time has come.
import type { MarketGenerator } from './generator.js';
import type { MakerSink } from './maker-op.js';

/**
 * Virtual time never runs forward by more than this at once: after a stall of the process the market goes on from where it
 * was, instead of squeezing moves together that the generator keeps apart.
 */
export const MAX_STEP_US = 8_000;

/** Half the timer's cost of 1 ms; nothing in the market happens faster than MIN_LIFE_US. */
const TICK_MS = 2;

export interface PlayerOptions {
  readonly market: MarketGenerator;
  readonly sink: MakerSink;
  /** Monotonic microseconds. */
  nowUs(): number;
}

export interface PlayerState {
  readonly running: boolean;
  readonly virtualUs: number;
  /** How far virtual time has fallen behind the wall because the process was not run in time. */
  readonly slippedUs: number;
  readonly operations: number;
}

export class MarketPlayer {
  readonly #options: PlayerOptions;
  readonly #sink: MakerSink;
  #timer: NodeJS.Timeout | undefined;
  #virtualUs = 0;
  #lastUs = 0;
  #slippedUs = 0;
  #operations = 0;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#sink = (op) => {
      this.#operations++;
      options.sink(op);
    };
  }

  get state(): PlayerState {
    return {
      running: this.#timer !== undefined,
      virtualUs: this.#virtualUs,
      slippedUs: this.#slippedUs,
      operations: this.#operations,
    };
  }

  /** Fills the books with what stands there at the start; no time passes. */
  seed(): void {
    this.#options.market.advance(this.#virtualUs, this.#sink);
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#lastUs = this.#options.nowUs();
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Plays what has become due since the last tick. */
  tick(): void {
    const nowUs = this.#options.nowUs();
    const elapsedUs = nowUs - this.#lastUs;
    const stepUs = Math.min(elapsedUs, MAX_STEP_US);
    this.#lastUs = nowUs;
    this.#slippedUs += elapsedUs - stepUs;
    this.#virtualUs += stepUs;
    this.#options.market.advance(this.#virtualUs, this.#sink);
  }
}
