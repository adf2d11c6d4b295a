import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FAULT_VENUES, faultSchema } from '../../src/sim/fault-schema.js';
import { FaultFileError, FaultPlayer, readFaultScript } from '../../src/sim/fault-script.js';
import { STORM } from '../../src/sim/storm.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'faults-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  vi.useRealTimers();
});

function file(text: string): string {
  const path = join(directory, 'faults.yaml');
  writeFileSync(path, text);
  return path;
}

const played = (text: string, seconds: number) => {
  vi.useFakeTimers();
  const heard: string[] = [];
  const startMs = Date.now();
  const player = new FaultPlayer({
    script: readFaultScript(file(text)),
    inject: (venue, fault) => {
      heard.push(`${(Date.now() - startMs) / 1_000} ${venue} ${fault.kind}`);
    },
    log: () => undefined,
  });
  player.start();
  player.start();
  vi.advanceTimersByTime(seconds * 1_000);
  player.stop();
  vi.advanceTimersByTime(60_000);
  expect(player.history).toHaveLength(heard.length);
  return heard;
};

describe('a file of faults', () => {
  it('is played line by line at its times', () => {
    const text = `
version: 1
faults:
  - { at: 2s, venue: kalshi, kind: freeze, durationMs: 100 }
  - { at: 0s, venue: polymarket, kind: cut }
  - { every: 3s, until: 9s, venue: kalshi, kind: garbage }
  - { every: 4s, from: 1s, venue: polymarket, kind: lose-reply, count: 1 }
`;
    expect(played(text, 12).sort()).toEqual([
      '0 polymarket cut',
      '1 polymarket lose-reply',
      '2 kalshi freeze',
      '3 kalshi garbage',
      '5 polymarket lose-reply',
      '6 kalshi garbage',
      '9 kalshi garbage',
      '9 polymarket lose-reply',
    ]);
  });

  it('brings a storm that is the same for the same seed, and meets every kind in it', () => {
    const storm = (seed: number) =>
      played(`{ version: 1, storm: { every: 1s, seed: ${seed} } }`, 600);
    const first = storm(7);
    expect(first).toHaveLength(600);
    expect(storm(7)).toEqual(first);
    expect(storm(8)).not.toEqual(first);
    const kinds = new Set(first.map((line) => line.split(' ')[2]));
    expect(kinds).toEqual(new Set(STORM.map(({ fault }) => fault.kind)));
  });

  it.each([
    ['version: 2', /version/],
    [
      'version: 1\nfaults: [{ venue: kalshi, kind: cut }]',
      /faults\.0: give either `at` or `every`/,
    ],
    ['version: 1\nfaults: [{ at: 1s, every: 1s, venue: kalshi, kind: cut }]', /give either/],
    [
      'version: 1\nfaults: [{ at: 1x, venue: kalshi, kind: cut }]',
      /faults\.0\.at: a length of time/,
    ],
    [
      'version: 1\nfaults: [{ every: 1ms, venue: kalshi, kind: cut }]',
      /faults\.0\.every: at least/,
    ],
    ['version: 1\nfaults: [{ at: 1s, venue: nyse, kind: cut }]', /faults\.0\.venue/],
    ['version: 1\nfaults: [{ at: 1s, venue: kalshi, kind: freeze }]', /faults\.0\.durationMs/],
    ['version: 1\nfaults: [{ at: 1s, venue: kalshi, kind: melt }]', /faults\.0\.kind/],
    ['version: 1\nfaults: [{ at: 1s, venue: kalshi, kind: cut, forMs: 1 }]', /forMs/],
    ['version: 1\nstorms: {}', /storms/],
    ['a: [', /flow/i],
  ])('is refused whole when it says %j, with the place', (text, problem) => {
    const path = file(text);
    expect(() => readFaultScript(path)).toThrow(FaultFileError);
    expect(() => readFaultScript(path)).toThrow(problem);
    expect(() => readFaultScript(path)).toThrow(`path=${path}`);
  });

  it('that is not there is named', () => {
    expect(() => readFaultScript('/nowhere.yaml')).toThrow(/path=\/nowhere\.yaml why=ENOENT/);
  });

  it('goes on after a fault that the exchange does not have', () => {
    vi.useFakeTimers();
    const lines: string[] = [];
    const player = new FaultPlayer({
      script: readFaultScript(
        file('version: 1\nfaults: [{ every: 1s, venue: kalshi, kind: ghost-fills, count: 1 }]'),
      ),
      inject: () => {
        throw new Error('kalshi has no such fault');
      },
      log: (line) => lines.push(line),
    });
    player.start();
    vi.advanceTimersByTime(2_500);
    player.stop();
    expect(lines).toEqual(
      new Array(2).fill(
        'fault refused: venue=kalshi kind=ghost-fills why=kalshi has no such fault',
      ),
    );
  });
});

describe('docs/FAULTS.md', () => {
  const page = readFileSync('docs/FAULTS.md', 'utf8');

  it('names every fault', () => {
    const kinds = faultSchema.options.map((option) => option.shape.kind.value);
    for (const kind of kinds) expect(page).toContain(`\`${kind}\``);
  });

  it('has an example that is read as it stands', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const script = readFaultScript(file(example));
    expect(script.lines.length).toBeGreaterThan(2);
    for (const { venue } of script.lines) expect(FAULT_VENUES).toContain(venue);
    expect(script.storm).toBeDefined();
  });
});
