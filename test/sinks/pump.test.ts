import { describe, expect, it } from 'vitest';
import type { JournalCursor, JournalRow } from '../../src/journal/journal-cursor.js';
import { SinkPump } from '../../src/sinks/pump.js';
import { type Sink, SinkRefusal } from '../../src/sinks/sink.js';
import { EVENTS } from '../../src/telemetry/event-table.js';

const ROWS = 1_000;
const BATCH = 400;

/** Changes 1 to ROWS, one row each. */
const journal = {
  id: 'a-journal',
  newest: () => ROWS,
  countAfter: (after: number) => ROWS - after,
  read: (after: number, most: number) => {
    const through = Math.min(ROWS, after + most);
    const rows = Array.from({ length: through - after }, (_, at) => ({ seq: after + at + 1 }));
    return { rows: rows as unknown as JournalRow[], through };
  },
} as unknown as JournalCursor;

/** A database that has time for so many rows at once and for no more. */
class SlowSink implements Sink {
  readonly name: 'postgres' | 'redis';
  readonly copied: number[] = [];
  readonly refusal: Error | undefined;
  readonly #mostRows: number;
  isFull = () => this.copied.length === ROWS;

  constructor(name: 'postgres' | 'redis', mostRows: number, refusal?: Error) {
    this.name = name;
    this.#mostRows = mostRows;
    this.refusal = refusal;
  }

  probe = async () => '';
  failure = () => undefined;
  wordsOf = (error: unknown) => String(error);
  close = async () => undefined;

  async open(): Promise<number> {
    if (this.refusal !== undefined) throw this.refusal;
    return this.copied.length;
  }

  async write(rows: readonly JournalRow[], through: number): Promise<number> {
    if (rows.length > this.#mostRows) throw new Error('timeout');
    this.copied.push(...rows.map(({ seq }) => seq));
    return through;
  }
}

function pumping(sink: Sink) {
  const said: { event: string; facts: Readonly<Record<string, unknown>> }[] = [];
  const pump = new SinkPump(sink, journal, {
    batchRows: BATCH,
    random: () => 0,
    say: (_level, event, _text, facts) => said.push({ event, facts }),
  });
  return { pump, said, run: pump.run() };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !isTrue(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(isTrue()).toBe(true);
}

describe('a pump', () => {
  it('copies in smaller windows what the database has no time for, each change once', async () => {
    const sink = new SlowSink('postgres', 150);
    const { pump, run } = pumping(sink);
    await until(sink.isFull);
    pump.end();
    await run;
    expect(sink.copied).toEqual(Array.from({ length: ROWS }, (_, at) => at + 1));
  });

  it.each(['postgres', 'redis'] as const)(
    'says of %s which sink it is, whatever it says',
    async (name) => {
      const refused = pumping(new SlowSink(name, BATCH, new SinkRefusal('who are you?')));
      const away = pumping(new SlowSink(name, BATCH, new Error('nobody there')));
      const well = pumping(new SlowSink(name, BATCH));
      await until(() => [refused, away, well].every(({ said }) => said.length > 0));
      for (const { pump, run } of [refused, away, well]) {
        pump.end();
        await run;
      }
      const all = [refused, away, well].flatMap(({ said }) => said);
      expect(all.map(({ event }) => event)).toEqual(['sink-refused', 'sink-down', 'sink-up']);
      for (const { event, facts } of all) {
        // Or the recovery of one would close the alert of the other.
        expect(facts.sink).toBe(name);
        expect(EVENTS[event]?.alert?.by).toEqual(['sink']);
      }
    },
  );
});
