// Where a watched market shows itself: redrawn in place on a terminal, a line or an object a second elsewhere, or nothing beside its
// raw frames.
import type { WriteStream } from 'node:tty';
import type { MonitorStatus } from '../runtime/market-monitor.js';
import { printable } from './exit-codes.js';
import { monitorJson, monitorLine, renderMonitor, SHOWN_LEVELS } from './monitor-view.js';
import { Screen } from './screen.js';

/** What is shown: a MarketMonitor. */
export interface Monitored {
  status(depth: number): MonitorStatus;
}

export type MonitorForm = 'live' | 'lines' | 'raw' | 'json';

export class MonitorOutput {
  readonly #out: WriteStream;
  readonly #form: MonitorForm;
  readonly #title: readonly string[];
  readonly #colour: boolean;
  readonly #screen: Screen;
  #endsAtMs: number | undefined;

  constructor(out: WriteStream, form: MonitorForm, title: readonly string[], colour: boolean) {
    this.#out = out;
    this.#form = form;
    this.#title = title;
    this.#colour = colour;
    this.#screen = new Screen(out);
  }

  open(durationMs: number | undefined): void {
    this.#endsAtMs = durationMs === undefined ? undefined : performance.now() + durationMs;
    if (this.#form === 'live') this.#screen.open();
    if (this.#form === 'lines') this.#line('started', this.#title.map(printable).join(' · '));
  }

  show(monitored: Monitored): void {
    if (this.#form === 'raw') return;
    const status = monitored.status(SHOWN_LEVELS);
    if (this.#form === 'json') this.#out.write(`${monitorJson(status)}\n`);
    else if (this.#form === 'lines') this.#line('status', printable(monitorLine(status)));
    else this.#draw(status);
  }

  /** Gives the terminal back, and leaves the last figures on it. */
  close(monitored: Monitored): void {
    this.#screen.close();
    if (this.#form === 'live') {
      this.#line('watched', printable(monitorLine(monitored.status(SHOWN_LEVELS))));
    } else this.show(monitored);
  }

  #draw(status: MonitorStatus): void {
    const remainingMs =
      this.#endsAtMs === undefined ? undefined : Math.max(0, this.#endsAtMs - performance.now());
    const view = { status, title: this.#title, remainingMs };
    this.#screen.draw(renderMonitor(view, this.#screen.size(), this.#colour));
  }

  /** In the form of the lines that `run` prints. */
  #line(event: string, text: string): void {
    this.#out.write(`${new Date().toISOString()} info  ${event.padEnd(14)} ${text}\n`);
  }
}
