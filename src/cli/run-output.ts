// Where a run shows itself: a live view on a terminal, plain lines everywhere else.
import type { WriteStream } from 'node:tty';
import type { VenueName } from '../domain/venue.js';
import type { LogLevel } from '../runtime/config-schema.js';
import type { EngineEvent, EngineStatus } from '../runtime/status.js';
import { printable } from './exit-codes.js';
import { renderView, SHOWN_EVENTS, type TimedEvent } from './live-view.js';
import { clockText, countText, dollarsText, latencyText } from './number-text.js';
import { Screen } from './screen.js';

export interface RunOutput {
  /** How often it wants to be shown the status. */
  readonly everyMs: number;
  /** `pageUrl` has a secret in it: it is shown to a person at a terminal, and written nowhere. */
  open(title: readonly string[], durationMs: number | undefined, pageUrl?: string): void;
  event(event: EngineEvent): void;
  show(status: EngineStatus): void;
  /** Gives the terminal back. */
  close(): void;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

const LINE_EVERY_MS = 5_000;

/** One line an event of at least `eventLevel`, and one of status every five seconds. */
export class LineOutput implements RunOutput {
  readonly everyMs = LINE_EVERY_MS;
  readonly #out: NodeJS.WritableStream;
  readonly #least: number;
  readonly #leastEvent: number;

  /** `eventLevel`: where whoever gives the events has looked at their levels already. */
  constructor(out: NodeJS.WritableStream, level: LogLevel, eventLevel = level) {
    this.#out = out;
    this.#least = SEVERITY[level];
    this.#leastEvent = SEVERITY[eventLevel];
  }

  open(title: readonly string[]): void {
    this.#write('info', 'started', title.join(' · '));
  }

  event({ level, event, text, facts }: EngineEvent): void {
    if (SEVERITY[level] < this.#leastEvent) return;
    const pairs = Object.entries(facts).map(([key, value]) => `${key}=${factText(value)}`);
    this.#line(level, event, [text, ...pairs].join(' '));
  }

  show(status: EngineStatus): void {
    this.#write('info', 'status', statusText(status));
  }

  close(): void {
    // Lines need no end.
  }

  #write(level: LogLevel, event: string, text: string): void {
    if (SEVERITY[level] >= this.#least) this.#line(level, event, text);
  }

  #line(level: LogLevel, event: string, text: string): void {
    const at = new Date().toISOString();
    this.#out.write(`${at} ${level.padEnd(5)} ${event.padEnd(14)} ${printable(text)}\n`);
  }
}

function factText(value: string | number | boolean): string {
  return typeof value === 'string' && /[\s"=]/.test(value) ? JSON.stringify(value) : String(value);
}

function statusText(status: EngineStatus) {
  const { uptimeMs, isPaper, feeds, opportunities, arbs, pnlMicros, latencyNs } = status;
  const { kalshi, polymarket } = feeds;
  const whole = latencyNs.receivedToWritten;
  const latency =
    whole.count === 0
      ? 'no order yet'
      : `received → written p50 ${latencyText(whole.p50)} p99 ${latencyText(whole.p99)}`;
  return (
    `${isPaper ? 'PAPER ' : ''}${clockText(uptimeMs)} trusted ${kalshi.trustedMarkets}/${kalshi.markets}+` +
    `${polymarket.trustedMarkets}/${polymarket.markets} ` +
    `frames ${countText(kalshi.frames)}+${countText(polymarket.frames)} ` +
    `seen ${countText(opportunities.detected)} fired ${countText(arbs.fired)} ` +
    `both ${countText(arbs.bothFilled)} one ${countText(arbs.oneLegged)} ` +
    `missed ${countText(arbs.noneFilled)} locked in ${dollarsText(pnlMicros)} ${latency}`
  );
}

/** Four times a second is calm, and costs the engine's cores next to nothing. */
const FRAME_EVERY_MS = 250;
/** Frames a second are counted over this much of the past. */
const RATE_SPAN_MS = 2_000;
const MAX_SAMPLES = Math.ceil(RATE_SPAN_MS / FRAME_EVERY_MS) + 1;

/** Warnings that flew by on the terminal and are printed again when it is given back. */
const MAX_KEPT_ALERTS = 20;

interface RateSample {
  readonly atMs: number;
  readonly frames: Readonly<Record<VenueName, number>>;
}

export class LiveOutput implements RunOutput {
  readonly everyMs = FRAME_EVERY_MS;
  readonly #out: WriteStream;
  readonly #colour: boolean;
  readonly #least: number;
  readonly #screen: Screen;
  readonly #redraw = () => this.#draw();
  readonly #events: TimedEvent[] = [];
  readonly #alerts: TimedEvent[] = [];
  readonly #samples: RateSample[] = [];
  #title: readonly string[] = [];
  #endsAtMs: number | undefined;
  #status: EngineStatus | undefined;

  constructor(out: WriteStream, level: LogLevel, colour: boolean) {
    this.#out = out;
    this.#least = SEVERITY[level];
    this.#colour = colour;
    this.#screen = new Screen(out);
  }

  open(title: readonly string[], durationMs: number | undefined, pageUrl?: string): void {
    this.#title = pageUrl === undefined ? title : [...title, pageUrl];
    this.#endsAtMs = durationMs === undefined ? undefined : performance.now() + durationMs;
    this.#screen.open();
    this.#out.on('resize', this.#redraw);
  }

  event(event: EngineEvent): void {
    if (SEVERITY[event.level] < this.#least) return;
    const timed = { at: new Date().toTimeString().slice(0, 8), event };
    keep(this.#events, timed, SHOWN_EVENTS);
    if (event.level !== 'info') keep(this.#alerts, timed, MAX_KEPT_ALERTS);
  }

  show(status: EngineStatus): void {
    this.#status = status;
    const { kalshi, polymarket } = status.feeds;
    const frames = { kalshi: kalshi.frames, polymarket: polymarket.frames };
    keep(this.#samples, { atMs: performance.now(), frames }, MAX_SAMPLES);
    this.#draw();
  }

  close(): void {
    this.#out.off('resize', this.#redraw);
    this.#screen.close();
    for (const { at, event } of this.#alerts.splice(0)) {
      this.#out.write(`${at} ${event.level.padEnd(5)} ${printable(event.text)}\n`);
    }
  }

  #draw(): void {
    const status = this.#status;
    if (status === undefined) return;
    const remainingMs =
      this.#endsAtMs === undefined ? undefined : Math.max(0, this.#endsAtMs - performance.now());
    const view = {
      status,
      title: this.#title,
      framesPerSecond: { kalshi: this.#rate('kalshi'), polymarket: this.#rate('polymarket') },
      events: this.#events,
      remainingMs,
    };
    this.#screen.draw(renderView(view, this.#screen.size(), this.#colour));
  }

  #rate(venue: VenueName): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return ((last.frames[venue] - first.frames[venue]) * 1000) / (last.atMs - first.atMs);
  }
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}

/** https://no-color.org: set and not empty means no colour. */
export function wantsColour(out: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return out.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
