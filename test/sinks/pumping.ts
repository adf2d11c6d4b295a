// A pump of a test's own, on the test's thread: started, watched, and always ended.
import { JournalCursor } from '../../src/journal/journal-cursor.js';
import { SinkPump } from '../../src/sinks/pump.js';
import type { Sink } from '../../src/sinks/sink.js';
import { until } from './free-port.js';

export class Pumping {
  readonly pump: SinkPump;
  readonly said: string[] = [];
  readonly #journal: JournalCursor;
  readonly #done: Promise<void>;

  constructor(sink: Sink, path: string, { batchRows = 2_000, random = (): number => 0.05 } = {}) {
    this.#journal = JournalCursor.open(path);
    this.pump = new SinkPump(sink, this.#journal, {
      batchRows,
      random,
      say: (level, event, text) => this.said.push(`${level} ${event} ${text}`),
    });
    this.#done = this.pump.run();
  }

  /** All that is committed is in the sink. */
  async caughtUp(): Promise<void> {
    const isThere = () => {
      const { state, lagRows } = this.pump.status();
      return state === 'up' && lagRows === 0;
    };
    await until('the sink has everything', isThere, 20_000).catch((cause: unknown) => {
      const facts = { status: this.pump.status(), said: this.said };
      throw new Error(`behind: ${JSON.stringify(facts)}`, { cause });
    });
  }

  async end(): Promise<void> {
    this.pump.end();
    await this.#done;
    this.#journal.close();
  }
}
