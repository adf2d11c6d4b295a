import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FrameRecorder } from '../../../src/runtime/frame-recorder.js';
import { createClock } from '../../../src/runtime/monotonic-clock.js';
import { RecordingWriter } from '../../../src/runtime/recording-writer.js';
import { type Recording, readRecordings } from '../../../src/sim/market/recording.js';
import { recordedLines, recordingFiles } from '../../../src/sim/market/recording-files.js';
import { type RunningSim, startSim } from '../../../src/sim/sim.js';
import { simOptionsSchema } from '../../../src/sim/sim-options.js';
import { until } from '../../net/raw-server.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function simulation(options: object): Promise<RunningSim> {
  const sim = await startSim(simOptionsSchema.parse(options), () => undefined);
  cleanups.push(() => sim.stop());
  return sim;
}

function tickersOf(sim: RunningSim): string[] {
  const { pairs } = parse(readFileSync(sim.ready.pairsPath, 'utf8')) as {
    pairs: { kalshi: string }[];
  };
  return pairs.map(({ kalshi }) => kalshi);
}

/** A book as text: "yes0.4100" to hundredths. */
type Book = ReadonlyMap<string, number>;
const shown = (book: Book): string => JSON.stringify([...book].sort());

/** The books of one ticker after its first snapshot and after each delta, added up by the plainest means. */
function booksInFrames(lines: readonly string[], ticker: string): string[] {
  const book = new Map<string, number>();
  const states: string[] = [];
  for (const line of lines) {
    const { type, msg } = (JSON.parse(line).event ?? {}) as {
      type?: string;
      msg?: Record<string, string>;
    };
    if (msg?.market_ticker !== ticker) continue;
    if (type === 'orderbook_snapshot') {
      book.clear();
      for (const side of ['yes', 'no']) {
        for (const [price, size] of msg[`${side}_dollars_fp`] ?? []) {
          book.set(`${side}${price}`, Math.round(Number(size) * 100));
        }
      }
    } else if (type === 'orderbook_delta') {
      const key = `${msg.side}${msg.price_dollars}`;
      const size = (book.get(key) ?? 0) + Math.round(Number(msg.delta_fp) * 100);
      if (size === 0) book.delete(key);
      else book.set(key, size);
    } else continue;
    states.push(shown(book));
  }
  return states;
}

/** The books of a recording after each of its changes. */
function booksInRecording({ changes }: Recording): string[] {
  const book = new Map<string, number>();
  return changes.map(({ side, priceE4, sizeE6 }) => {
    const ownE4 = side === 'bid' ? priceE4 : 10_000 - priceE4;
    const key = `${side === 'bid' ? 'yes' : 'no'}${(ownE4 / 10_000).toFixed(4)}`;
    if (sizeE6 === 0) book.delete(key);
    else book.set(key, sizeE6 / 10_000);
    return shown(book);
  });
}

async function servedBook(sim: RunningSim, ticker: string): Promise<string> {
  const reply = await fetch(`${sim.ready.kalshi.restUrl}/markets/${ticker}/orderbook?depth=0`);
  const { orderbook_fp: sides } = (await reply.json()) as {
    orderbook_fp: Record<'yes_dollars' | 'no_dollars', [string, string][]>;
  };
  const book = new Map<string, number>();
  for (const side of ['yes', 'no'] as const) {
    for (const [price, size] of sides[`${side}_dollars`]) {
      book.set(`${side}${price}`, Math.round(Number(size) * 100));
    }
  }
  return shown(book);
}

/** Records all markets of a new simulation until so many frames are there. */
async function record(frames: number): Promise<{ directory: string; tickers: string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'underround-replay-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  const sim = await simulation({ seed: 7, markets: 4, rate: 20, autoStart: false });
  const tickers = tickersOf(sim);
  const clock = createClock(process.hrtime());
  const files = { directory, label: 'kalshi', rotateBytes: 20_000, rotateMs: 3_600_000 };
  const writer = new RecordingWriter(files, clock.wallMs, (error) => {
    throw error;
  });
  const { wsUrl, keyId, privateKeyPath } = sim.ready.kalshi;
  const recorder = new FrameRecorder(
    {
      watch: {
        venue: 'kalshi',
        ...{ wsUrl, keyId, privateKeyPath, tickers },
        ...{ dialect: 'current', useYesPrice: false },
      },
      limits: { maxSilenceMs: 60_000, maxLagMs: 60_000 },
      clock,
      noted: () => undefined,
    },
    writer,
  );
  await until(() => recorder.figures().frames > tickers.length, 'the snapshots');
  sim.start();
  await until(() => recorder.figures().frames > frames, 'the frames', 20_000);
  await recorder.close();
  expect(recorder.figures()).toMatchObject({ lost: 0, notJson: 0 });
  await sim.stop();
  return { directory, tickers };
}

describe('what was recorded from the simulated exchange', () => {
  it('replays as the same books, one after the other, on every market', async () => {
    const { directory, tickers } = await record(1_500);
    const files = recordingFiles(directory);
    expect(files.length).toBeGreaterThan(1);
    const lines = files.flatMap((path) => [...recordedLines(path)]);
    const recordings = readRecordings(directory, 20, 9);
    expect(recordings.map(({ ticker }) => ticker).sort()).toEqual([...tickers].sort());
    for (const recording of recordings) {
      const expected = booksInFrames(lines, recording.ticker);
      const states = booksInRecording(recording);
      expect(recording.clamped).toBe(0);
      expect(expected.length).toBeGreaterThan(20);
      // The levels of the snapshot come one by one; from then on each frame is one change.
      expect(states.slice(-expected.length)).toEqual(expected);
    }

    const again = await simulation({ seed: 8, markets: 4, replay: directory, replaySpeed: 20 });
    const ends = new Map(tickers.map((ticker) => [ticker, booksInFrames(lines, ticker).at(-1)]));
    expect(tickersOf(again).sort()).toEqual([...tickers].sort());
    const lastUs = Math.max(...recordings.map(({ durationUs }) => durationUs));
    await until(() => again.summary().virtualMs * 1_000 > lastUs, 'the end of the replay', 20_000);
    for (const ticker of tickers) expect(await servedBook(again, ticker)).toBe(ends.get(ticker));
  });
});
