// Fills one sink from the journal, for as long as it takes: connects, copies what is committed in windows of bounded size, waits where
// there is nothing, and begins again after every failure where the sink says that it stands. Where that is nobody else remembers.
import type { JournalCursor, JournalRow } from '../journal/journal-cursor.js';
import { backoffMs } from '../net/backoff.js';
import { type Sink, SinkRefusal, type SinkStatus } from './sink.js';

/** How often the journal is looked into when there was nothing new. */
const IDLE_MS = 100;
const RETRY = { baseMs: 100, capMs: 5_000 } as const;
/** What a person has to mend is not mended in a second. */
const REFUSED_RETRY = { baseMs: 10_000, capMs: 60_000 } as const;
/** Of one outage, whatever the server thinks of to say. */
const MOST_SAID = 5;
/** Counting the rows behind may take this share of the time. */
const COUNT_SHARE = 0.02;

export type SaySink = (
  level: 'info' | 'warn' | 'error',
  event: string,
  text: string,
  facts: Readonly<Record<string, string | number>>,
) => void;

export interface PumpParts {
  readonly batchRows: number;
  say(...said: Parameters<SaySink>): void;
  /** In [0, 1). */
  random(): number;
}

export class SinkPump {
  readonly #sink: Sink;
  readonly #journal: JournalCursor;
  readonly #parts: PumpParts;
  #after = 0;
  #batchRows: number;
  #state: SinkStatus['state'] = 'down';
  #why: string | undefined = 'not connected yet';
  /** Of this outage. */
  readonly #said = new Set<string>();
  #lagRows = 0;
  #countAgainMs = 0;
  #attempt = 0;
  #isEnding = false;
  #wake: () => void = () => undefined;

  constructor(sink: Sink, journal: JournalCursor, parts: PumpParts) {
    this.#sink = sink;
    this.#journal = journal;
    this.#parts = parts;
    this.#batchRows = parts.batchRows;
  }

  status(): SinkStatus {
    const now = performance.now();
    if (now >= this.#countAgainMs) {
      this.#lagRows = this.#journal.countAfter(this.#after);
      this.#countAgainMs = now + (performance.now() - now) / COUNT_SHARE;
    }
    return { name: this.#sink.name, state: this.#state, lagRows: this.#lagRows, why: this.#why };
  }

  /** Copies until end() is called, and then what is committed by then if the sink is up. Never rejects. */
  async run(): Promise<void> {
    do {
      try {
        await this.#copy();
      } catch (error) {
        await this.#failed(error);
      }
    } while (!this.#isEnding);
    await this.#sink.close();
  }

  /** What is here is still copied; a sink that is down is given up. */
  end(): void {
    this.#isEnding = true;
    this.#wake();
  }

  async #copy(): Promise<void> {
    this.#after = await this.#opened();
    for (;;) {
      const failure = this.#sink.failure();
      if (failure !== undefined) throw failure;
      const { rows, through } = this.#journal.read(this.#after, this.#batchRows);
      if (rows.length > 0) {
        await this.#write(rows, through);
        this.#isUp();
      } else {
        this.#after = through;
        if (this.#isEnding) return;
        this.#isUp();
        await this.#sleep(IDLE_MS);
      }
    }
  }

  /** A window that fails is smaller the next time: it may have been too much for the time that the database is given. */
  async #write(rows: readonly JournalRow[], through: number): Promise<void> {
    const most = this.#parts.batchRows;
    const batchRows = this.#batchRows;
    this.#batchRows = Math.max(1, Math.floor(batchRows / 2));
    this.#after = await this.#sink.write(rows, through);
    this.#batchRows = Math.min(most, batchRows * 2);
  }

  async #opened(): Promise<number> {
    const after = await this.#sink.open(this.#journal.id);
    const newest = this.#journal.newest();
    if (after > newest) {
      throw new SinkRefusal(
        `it has copied more than this journal holds: copied=${after} journal=${newest} ` +
          'do="put the newer journal back, or let this one begin anew (docs/SINKS.md)"',
      );
    }
    return after;
  }

  /** Only what has taken rows, or had nothing to take, is up: many a broken one lets itself be connected to. */
  #isUp(): void {
    this.#attempt = 0;
    if (this.#state === 'up') return;
    this.#state = 'up';
    this.#why = undefined;
    this.#said.clear();
    const lagRows = this.#journal.countAfter(this.#after);
    const text = `${this.#sink.name}: connected, ${lagRows} rows behind`;
    this.#parts.say('info', 'sink-up', text, { sink: this.#sink.name, lagRows });
  }

  async #failed(error: unknown): Promise<void> {
    const isRefused = error instanceof SinkRefusal;
    const why = this.#sink.wordsOf(error);
    this.#state = 'down';
    this.#why = why;
    // A database that is away for a night is told of once.
    const what = isRefused ? why : 'down';
    if (!this.#said.has(what) && this.#said.size < MOST_SAID) {
      this.#said.add(what);
      const level = isRefused ? 'error' : 'warn';
      const event = isRefused ? 'sink-refused' : 'sink-down';
      const sink = this.#sink.name;
      this.#parts.say(level, event, `${sink}: ${why}`, { sink, why });
    }
    await this.#sink.close();
    if (this.#isEnding) return;
    const limits = isRefused ? REFUSED_RETRY : RETRY;
    await this.#sleep(backoffMs(limits, this.#attempt++, this.#parts.random()));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
