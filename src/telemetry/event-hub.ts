// Gives each event to everybody who wants it: terminal, log file, ring, alerts. Secrets are taken out before the first of them sees it,
// and none of them can throw into the engine or keep the others from hearing.
import type { LogLevel } from '../runtime/config-schema.js';
import type { EngineEvent } from '../runtime/status.js';
import { PARTS, type Part, ruleOf } from './event-table.js';
import type { Secrets } from './secrets.js';

/** An event as it was told: without secrets, with its part and its wall time. */
export interface ToldEvent extends EngineEvent {
  readonly part: Part;
  readonly atMs: number;
}

export type EventSink = (event: ToldEvent) => void;

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface EventHubOptions {
  readonly level: LogLevel;
  readonly secrets: Secrets;
  readonly wallMs: () => number;
}

export class EventHub {
  readonly #options: EventHubOptions;
  readonly #levels: Record<Part, LogLevel>;
  readonly #levelled = new Set<EventSink>();
  readonly #whole = new Set<EventSink>();
  /** Times a sink threw: it is a fault of ours, never a reason to stop. */
  failures = 0;

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.#levels = Object.fromEntries(PARTS.map((part) => [part, options.level])) as Record<
      Part,
      LogLevel
    >;
  }

  /** Hears what is at least of its part's level. Returns what ends it. */
  add(sink: EventSink): () => void {
    this.#levelled.add(sink);
    return () => this.#levelled.delete(sink);
  }

  /** Hears everything: who calls a person must not fall silent because a log was made shorter. */
  addWhole(sink: EventSink): () => void {
    this.#whole.add(sink);
    return () => this.#whole.delete(sink);
  }

  levels(): Readonly<Record<Part, LogLevel>> {
    return { ...this.#levels };
  }

  setLevel(part: Part, level: LogLevel): void {
    this.#levels[part] = level;
  }

  /** Never throws. */
  say(event: EngineEvent): void {
    const { part } = ruleOf(event);
    const { secrets, wallMs } = this.#options;
    let told: ToldEvent;
    try {
      told = { ...secrets.clean(event), part, atMs: wallMs() };
    } catch {
      // What cannot be cleaned is not shown.
      this.failures++;
      return;
    }
    for (const sink of this.#whole) this.#give(sink, told);
    if (SEVERITY[told.level] < SEVERITY[this.#levels[part]]) return;
    for (const sink of this.#levelled) this.#give(sink, told);
  }

  #give(sink: EventSink, event: ToldEvent): void {
    try {
      sink(event);
    } catch {
      this.failures++;
    }
  }
}

/** A part by its name; undefined for none. */
export function partOf(name: string): Part | undefined {
  return PARTS.find((part) => part === name);
}
