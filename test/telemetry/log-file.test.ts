import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ToldEvent } from '../../src/telemetry/event-hub.js';
import { type LogFile, openLogFile } from '../../src/telemetry/log-file.js';
import { until } from './until.js';

let directory = '';
const opened: LogFile[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-log-'));
});
afterEach(async () => {
  for (const file of opened.splice(0)) await file.close(5_000);
  rmSync(directory, { recursive: true, force: true });
});

async function open(choices: Partial<Parameters<typeof openLogFile>[0]> = {}) {
  const file = await openLogFile({
    path: join(directory, 'logs', 'engine.log'),
    maxFileMegabytes: 1,
    maxFiles: 3,
    failed: () => undefined,
    ...choices,
  });
  opened.push(file);
  return file;
}

function told(text: string, facts: ToldEvent['facts'] = {}): ToldEvent {
  const atMs = Date.parse('2026-11-22T12:00:00Z');
  return { level: 'warn', event: 'differs', text, facts, part: 'engine', atMs };
}

const files = () => readdirSync(join(directory, 'logs')).sort();
const linesOf = (name: string) =>
  readFileSync(join(directory, 'logs', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

describe('the log file', () => {
  it('has one JSON object a line, with level, time, part, event, facts and text', async () => {
    const file = await open();
    file.write(told('it says "x"\nand goes on', { pair: 'btcd', count: 3 }));
    await file.close(5_000);
    const [line = '', ...others] = linesOf('engine.1.log');
    expect(others).toEqual([]);
    expect(JSON.parse(line)).toEqual({
      level: 'warn',
      pid: process.pid,
      time: '2026-11-22T12:00:00.000Z',
      part: 'engine',
      event: 'differs',
      facts: { pair: 'btcd', count: 3 },
      msg: 'it says "x"\nand goes on',
    });
    expect(statSync(join(directory, 'logs', 'engine.1.log')).mode & 0o077).toBe(0);
  });

  it('hides facts with the names of secrets, whoever told them', async () => {
    const file = await open();
    file.write(told('x', { passphrase: 'letmein' }));
    await file.close(5_000);
    expect(linesOf('engine.1.log').join()).not.toContain('letmein');
  });

  it('begins a new file when one is full, and keeps so many', async () => {
    const file = await open();
    const text = 'x'.repeat(100_000);
    let written = 0;
    // A file is changed when all is written: not while lines come faster than the disk takes them.
    while (!(files().includes('engine.5.log') && files().length <= 3)) {
      file.write(told(text));
      await new Promise((resolve) => setTimeout(resolve, 2));
      expect(++written).toBeLessThan(2_000);
    }
    await file.close(5_000);
    expect(files().length).toBeLessThanOrEqual(3);
    for (const name of files()) for (const line of linesOf(name)) JSON.parse(line);
  });

  it('goes on where an earlier run has ended', async () => {
    const first = await open();
    first.write(told('first'));
    await first.close(5_000);
    const second = await open();
    second.write(told('second'));
    await second.close(5_000);
    expect(linesOf('engine.1.log').map((line) => JSON.parse(line).msg)).toEqual([
      'first',
      'second',
    ]);
  });

  it('refuses a place that cannot be written', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, '');
    await expect(open({ path: join(path, 'engine.log') })).rejects.toThrow();
  });

  it('counts what a full disk does not take, tells of it once, and goes on', async () => {
    mkdirSync(join(directory, 'logs'));
    symlinkSync('/dev/full', join(directory, 'logs', 'engine.1.log'));
    const failures: string[] = [];
    const file = await open({ failed: (why) => failures.push(why) });
    for (let line = 0; line < 100; line++) file.write(told('x'.repeat(1_000)));
    await until(() => failures.length > 0);
    expect(failures[0]).toMatch(/ENOSPC/);
    for (let line = 0; line < 100; line++) file.write(told('x'.repeat(1_000)));
    await file.close(100);
    expect(failures.length).toBe(1);
    expect(file.dropped()).toBeGreaterThan(0);
  });

  it('never keeps a process from ending, though the disk takes nothing', () => {
    mkdirSync(join(directory, 'logs'));
    symlinkSync('/dev/full', join(directory, 'logs', 'engine.1.log'));
    const entry = join(directory, 'full.mjs');
    buildSync({
      stdin: {
        contents: `
          import { openLogFile } from './src/telemetry/log-file.js';
          const path = ${JSON.stringify(join(directory, 'logs', 'engine.log'))};
          const failed = () => process.exit(7);
          const file = await openLogFile({ path, maxFileMegabytes: 1, maxFiles: 2, failed });
          for (let line = 0; line < 50; line++) file.write({ level: 'info', event: 'x', text: 'y'.repeat(1000), facts: {}, part: 'cli', atMs: 1 });
          setTimeout(() => undefined, 20_000);`,
        resolveDir: process.cwd(),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      outfile: entry,
    });
    symlinkSync(join(process.cwd(), 'node_modules'), join(directory, 'node_modules'));
    const { status, signal } = spawnSync(process.execPath, [entry], { timeout: 10_000 });
    expect([status, signal]).toEqual([7, null]);
  });
});
