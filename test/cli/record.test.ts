import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningExchange, startExchangeProcess } from '../../src/cli/exchange-process.js';
import { FrameRecorder } from '../../src/runtime/frame-recorder.js';
import { createClock } from '../../src/runtime/monotonic-clock.js';
import { loadPairs } from '../../src/runtime/pairs.js';
import { RecordingWriter } from '../../src/runtime/recording-writer.js';
import { recordedLines, recordingFiles } from '../../src/sim/market/recording-files.js';
import { BuiltProgram, until } from './built-program.js';

let program: BuiltProgram;
let exchange: RunningExchange;

beforeAll(async () => {
  program = await BuiltProgram.build();
  const args = ['sim', '--seed', '7', '--markets', '20', '--rate', '20'];
  const command = { mainPath: program.mainPath, args };
  exchange = await startExchangeProcess(command, new AbortController().signal);
}, 60_000);
afterAll(async () => {
  await exchange?.end(1_000);
  await program?.remove();
});

const directory = () => mkdtempSync(join(program.directory, 'recording-'));
const linesIn = (path: string) => recordingFiles(path).flatMap((file) => [...recordedLines(file)]);
const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** What a descriptor of this process is open on, if it still is. */
function linkOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}

interface Line {
  readonly recv_ms: number;
  readonly recv_ns: number;
  readonly venue: string;
  readonly connection: number;
  readonly event?: unknown;
  readonly mark?: string;
}
const parsed = (path: string) => linesIn(path).map((line) => JSON.parse(line) as Line);

/** Flags that lead to the exchange that is already there. */
function kalshiFlags(): string[] {
  const { restUrl, wsUrl, keyId, privateKeyPath } = exchange.ready.kalshi;
  return [
    ...['--kalshi-rest-url', restUrl, '--kalshi-ws-url', wsUrl, '--kalshi-key-id', keyId],
    ...['--kalshi-private-key-path', privateKeyPath, '--pairs', exchange.ready.pairsPath],
  ];
}

/** What changed in the markets, told by a recording that may not be there yet; equal on every connection, unlike sid and seq. */
function deltasOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return parsed(path).flatMap(({ event }) => {
    const { type, msg } = (event ?? {}) as { type?: string; msg?: object };
    return type === 'orderbook_delta' ? [JSON.stringify(msg)] : [];
  });
}

describe('the files of a recorder', () => {
  const forever = { rotateBytes: Number.MAX_SAFE_INTEGER, rotateMs: Number.MAX_SAFE_INTEGER };
  const fail = (error: Error) => {
    throw error;
  };

  it('refuse and count what a slow disk leaves no room for, and hold all the rest', async () => {
    const path = directory();
    const writer = new RecordingWriter({ directory: path, label: 'x', ...forever }, Date.now, fail);
    const filler = 'x'.repeat(1_000);
    const taken: string[] = [];
    // The event loop does not turn: nothing gets to the disk meanwhile.
    for (let index = 0; index < 40_000; index++) {
      const line = `${index} ${filler}`;
      if (writer.write(line)) taken.push(line);
    }
    expect(taken.length).toBeGreaterThan(30_000);
    expect(writer.figures().refused).toBe(40_000 - taken.length);
    expect(writer.figures().refused).toBeGreaterThan(1_000);
    await until(() => writer.write('there is room again'), 'room');
    await writer.close();
    expect(linesIn(path)).toEqual([...taken, 'there is room again']);
    const { textBytes, fileBytes, lines } = writer.figures();
    expect(lines).toBe(taken.length + 1);
    expect(textBytes).toBe(linesIn(path).join('\n').length + 1);
    expect(fileBytes).toBe(statSync(recordingFiles(path)[0]!).size);
  }, 30_000);

  it('can be read up to the newest line while they are written, however few there are', async () => {
    const path = directory();
    const writer = new RecordingWriter({ directory: path, label: 'x', ...forever }, Date.now, fail);
    for (const line of ['one', 'two', 'three']) {
      writer.write(line);
      await until(() => linesIn(path).at(-1) === line, line);
    }
    await writer.close();
    expect(linesIn(path)).toEqual(['one', 'two', 'three']);
  });

  it('follow one another at the size that is asked for, without a line lost or overwritten', async () => {
    const path = directory();
    const own = { directory: path, label: 'x', rotateBytes: 20_000, rotateMs: 3_600_000 };
    // Two writers, as two processes that start at once; and a clock that stands still.
    const writers = [1, 2].map(() => new RecordingWriter(own, () => 1_000, fail));
    const expected: string[] = [];
    for (let index = 0; recordingFiles(path).length < 6; index++) {
      for (const [place, writer] of writers.entries()) {
        const line = `${place} ${index} ${createHash('sha256').update(String(index)).digest('hex')}`;
        expected.push(line);
        expect(writer.write(line)).toBe(true);
      }
      if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(writers.map((writer) => writer.close()));
    expect(linesIn(path).sort()).toEqual(expected.sort());
    const own0 = linesIn(path).filter((line) => line.startsWith('0 '));
    expect(own0.map((line) => Number(line.split(' ')[1]))).toEqual(own0.map((_, index) => index));
  }, 30_000);

  it('tell the recorder of a failed disk once, and lines after that are not written', async () => {
    const path = directory();
    const failures: Error[] = [];
    const writer = new RecordingWriter(
      { directory: path, label: 'x', ...forever },
      Date.now,
      (error) => failures.push(error),
    );
    // Nothing else in this process opens a file meanwhile: the writer's own descriptor is taken away.
    const name = recordingFiles(path)[0]!;
    const descriptor = readdirSync('/proc/self/fd').find((each) => linkOf(each) === name);
    closeSync(Number(descriptor));
    writer.write('x'.repeat(100_000));
    await until(() => failures.length > 0, 'the failure');
    writer.write('y');
    await writer.close();
    expect(failures.map((error) => (error as NodeJS.ErrnoException).code)).toEqual(['EBADF']);
  });

  it('have a mark where frames are missing', async () => {
    const lines: string[] = [];
    let room = true;
    const figures = { files: 1, lines: 0, textBytes: 0, fileBytes: 0, refused: 0 };
    const writer = {
      write: (line: string) => room && lines.push(line) > 0,
      figures: () => figures,
      close: async () => undefined,
    };
    const { wsUrl, keyId, privateKeyPath } = exchange.ready.kalshi;
    const tickers = loadPairs(exchange.ready.pairsPath).map(({ ticker }) => ticker);
    const recorder = new FrameRecorder(
      {
        watch: {
          venue: 'kalshi',
          ...{ wsUrl, keyId, privateKeyPath, tickers },
          ...{ dialect: 'current', useYesPrice: false },
        },
        limits: { maxSilenceMs: 60_000, maxLagMs: 60_000 },
        clock: createClock(process.hrtime()),
        noted: () => undefined,
      },
      writer,
    );
    const frames = () => recorder.figures().frames;
    await until(() => frames() > 100, 'frames');
    room = false;
    const before = lines.length;
    await until(() => recorder.figures().lost > 20, 'lost frames');
    room = true;
    await until(() => lines.length > before + 20, 'frames again');
    await recorder.close();
    const told = lines.map((line) => JSON.parse(line) as Line & { frames?: number });
    const { lost } = recorder.figures();
    expect(told.filter(({ mark }) => mark === 'lost')).toMatchObject([{ frames: lost }]);
    expect(told[before]).toMatchObject({ mark: 'lost' });
    expect(told.filter(({ event }) => event !== undefined)).toHaveLength(frames() - lost);
  }, 30_000);
});

describe('record', () => {
  it('keeps what it had flushed when it is killed, and begins a new file after it', async () => {
    const witnessed = directory();
    const killed = directory();
    const witness = program.start(
      'record',
      '--venue',
      'kalshi',
      '--out',
      witnessed,
      ...kalshiFlags(),
    );
    await until(() => deltasOf(witnessed).length > 50, 'the witness');
    const hashes = new Map<string, string>();
    for (let round = 1; round <= 2; round++) {
      const run = program.start('record', '--venue', 'kalshi', '--out', killed, ...kalshiFlags());
      await until(() => readdirSync(killed).length === round, 'its file');
      const path = join(killed, readdirSync(killed).sort().at(-1)!);
      await until(() => deltasOf(path).length > 150, 'its frames');
      const flushed = deltasOf(path);
      run.child.kill('SIGKILL');
      await run.ended;
      const kept = deltasOf(path);
      expect(kept.slice(0, flushed.length)).toEqual(flushed);
      // Nothing is missing between the first and the last.
      await until(() => deltasOf(witnessed).includes(kept.at(-1)!), 'the same');
      const all = deltasOf(witnessed);
      const from = all.indexOf(kept[0]!);
      expect(from).toBeGreaterThan(0);
      expect(all.slice(from, from + kept.length)).toEqual(kept);
      for (const [earlier, hash] of hashes) expect(digest(earlier)).toBe(hash);
      hashes.set(path, digest(path));
    }
    expect(readdirSync(killed)).toHaveLength(2);
    witness.child.kill('SIGTERM');
    expect(await witness.ended).toBe(0);
    expect(parsed(witnessed).at(-1)).toMatchObject({ mark: 'closed' });
    expect(witness.said.out).toMatch(/recorded .* frames [\d,]+ lost 0 not JSON 0 /);
  }, 90_000);

  it('writes each frame as it came, with both clocks and its connection', async () => {
    const out = directory();
    const run = program.start('record', '--venue', 'kalshi', '--out', out, ...kalshiFlags());
    await until(() => deltasOf(out).length > 10, 'frames');
    await fault({ venue: 'kalshi', kind: 'garbage' });
    await fault({ venue: 'kalshi', kind: 'cut' });
    const marks = () => parsed(out).flatMap(({ mark }) => mark ?? []);
    await until(() => marks().length >= 3, 'a new connection');
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    const lines = parsed(out);
    expect(lines.map(({ mark }) => mark).filter(Boolean)).toEqual([
      'opened',
      'closed',
      'opened',
      'closed',
    ]);
    expect(lines.filter(({ event }) => typeof event === 'string')).toMatchObject([
      { event: '{"type":' },
    ]);
    lines.forEach((line, index) => {
      expect(line).toMatchObject({ venue: 'kalshi', connection: 0 });
      expect(line.recv_ns).toBeGreaterThanOrEqual(lines[index - 1]?.recv_ns ?? 0);
      expect(Number.isSafeInteger(line.recv_ms)).toBe(true);
    });
  }, 60_000);

  it('records both tokens of Polymarket markets, and rotates by time', async () => {
    const out = directory();
    const { restUrl, wsUrl } = exchange.ready.polymarket;
    const run = program.start(
      ...['record', '--venue', 'polymarket', '--out', out, '--rotate', '300ms'],
      ...['--polymarket-rest-url', restUrl, '--polymarket-ws-url', wsUrl],
      ...['--pairs', exchange.ready.pairsPath],
    );
    await until(() => readdirSync(out).length >= 3, 'files');
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    const names = readdirSync(out);
    for (const name of names) expect(name).toMatch(/^\d{8}T\d{9}Z-polymarket\.ndjson\.gz$/);
    const lines = parsed(out);
    expect(lines.every(({ venue }) => venue === 'polymarket')).toBe(true);
    const books = lines.flatMap(({ event }) => (Array.isArray(event) ? event : []));
    const tokens = new Set(books.map(({ asset_id }: { asset_id: string }) => asset_id));
    expect(tokens.size).toBe(40);
  }, 60_000);

  it.each([
    [['--venue', 'kalshi'], 2, "required option '--out <directory>'"],
    [['--out', 'x'], 2, "required option '--venue <name>'"],
    [['--venue', 'kalshi', '--out', 'x', '--conditions', '0x1'], 2, '--conditions'],
    [['--venue', 'kalshi', '--out', 'x', '--rotate-mb', '0'], 2, 'a whole number from 1'],
    [['--venue', 'kalshi', '--out', 'x', '--profile', 'live'], 2, '--tickers A,B'],
    [['--venue', 'kalshi', '--out', 'x', '--profile', 'live', '--tickers', 'A'], 2, 'kalshi.keyId'],
    [['--venue', 'kalshi', '--out', 'main.js/x', '--markets', '1'], 1, 'main.js/x'],
  ])('%j is refused with a word that helps', async (args, code, word) => {
    const run = program.start('record', ...args);
    expect(await run.ended).toBe(code);
    expect(run.said.err).toContain(word);
    expect(run.said.err).not.toMatch(/^ +at /m);
  });
});

async function fault(body: object): Promise<void> {
  const reply = await fetch(`${exchange.ready.controlUrl}/fault`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  expect(reply.ok).toBe(true);
}
