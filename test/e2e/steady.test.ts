// The engine at full load with its page open, for as long as UNDERROUND_TEST_STEADY_MINUTES says (npm run test:steady: 30): what it takes of the
// machine does not grow, nothing is unhandled, and no secret is in anything that it leaves. Samples go to the file that
// UNDERROUND_TEST_STEADY_FIGURES names, one a line.
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { StatusReply } from '../../src/control/contract.js';
import { readControlFile } from '../../src/control/token.js';
import { EngineRun, endAllRuns } from './engine-process.js';
import { endAllExchanges, filesBelow, leaksOf, secretsOf, startExchanges } from './exchanges.js';

const MINUTES = Number(process.env.UNDERROUND_TEST_STEADY_MINUTES ?? '0');
const FIGURES = process.env.UNDERROUND_TEST_STEADY_FIGURES;
const SAMPLE_MS = 5_000;
/** Until the lists that are kept for people and for late news are as long as they get. */
const FILLING_SHARE = 1 / 3;
/** Of a process of some 400 MB whose heaps breathe by 30. */
const MAX_GROWTH_MB = 20;
const MAX_MORE_FILES = 5;
/** Of what was fired in the first minute, at least so much in all others too. */
const LASTING_SHARE = 0.5;
const SAMPLES_PER_MINUTE = 60_000 / SAMPLE_MS;
/** Polymarket's least size at any gain, as often as the exchanges' limits allow, and money that lasts: without it there is little to do. */
const LIMITS = [
  ['max-size', '5'],
  ['min-net', '0.01'],
  ['max-market-position', '20000000'],
  ['max-total-position', '20000000'],
].flatMap(([name, value]) => [`--${name}`, `${value}`]);

interface Sample {
  readonly atS: number;
  readonly rssMb: number;
  readonly files: number;
  readonly fired: number;
}

let directory: string;
afterEach(async () => {
  await endAllRuns();
  endAllExchanges();
  rmSync(directory, { recursive: true, force: true });
});

it.runIf(MINUTES > 0)(
  `takes no more of the machine after ${MINUTES} minutes`,
  async () => {
    directory = mkdtempSync(join(tmpdir(), 'underround-steady-'));
    const { ready, file } = await startExchanges(directory, [
      ...['--seed', '7', '--markets', '200', '--starting-cash', '10000000'],
    ]);
    const secrets = await secretsOf(ready);
    const kept = join(directory, 'kept');
    const stateDir = join(kept, 'state');
    const logFile = join(kept, 'logs', 'engine.log');
    const args = ['--attach', file, '--ui', '127.0.0.1:0', '--state-dir', stateDir, ...LIMITS];
    const run = new EngineRun([...args, '--log-file', logFile, '--log-level', 'debug']);
    await run.running();
    const url = readControlFile(stateDir)?.url;
    const page = new WebSocket(`${url?.replace('http', 'ws')}/api/v1/stream`);
    let frames = 0;
    page.on('message', () => frames++);

    const samples: Sample[] = [];
    const startMs = performance.now();
    const elapsedS = () => (performance.now() - startMs) / 1_000;
    while (elapsedS() < MINUTES * 60) {
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      const sample = { ...sampleOf(run.pid, elapsedS()), fired: await firedOf(url) };
      samples.push(sample);
      if (FIGURES !== undefined) appendFileSync(FIGURES, `${JSON.stringify(sample)}\n`);
    }
    page.terminate();
    run.signal('SIGTERM');
    const { code, out } = await run.ended;

    expect(code).toBe(0);
    expect(run.errors).not.toMatch(/unhandled/i);
    // A leg that the market leaves alone for too long is an alarm of the market's making.
    const failures = run.lines.filter(
      ({ level, event }) => level === 'error' && event !== 'alert-naked',
    );
    expect(failures).toEqual([]);
    expect(frames).toBeGreaterThan(elapsedS());
    const outputs = new Map([
      ['stdout', out],
      ['stderr', run.errors],
      ...filesBelow(kept).map((path) => [path, readFileSync(path, 'latin1')] as const),
    ]);
    expect(leaksOf(secrets, outputs)).toEqual([]);
    const fired = samples.map((sample) => sample.fired);
    expect(fired.at(-1)).toBeGreaterThan(
      LASTING_SHARE * MINUTES * (fired[SAMPLES_PER_MINUTE] ?? 0),
    );
    const full = samples.filter(({ atS }) => atS >= MINUTES * 60 * FILLING_SHARE);
    expect(growthOf(full, ({ rssMb }) => rssMb)).toBeLessThan(MAX_GROWTH_MB);
    expect(growthOf(full, ({ files }) => files)).toBeLessThan(MAX_MORE_FILES);
  },
  (MINUTES + 2) * 60_000,
);

async function firedOf(url: string | undefined): Promise<number> {
  const response = await fetch(`${url}/api/v1/status`);
  return ((await response.json()) as StatusReply).status.arbs.fired;
}

function sampleOf(pid: number, atS: number): Omit<Sample, 'fired'> {
  const [, rssKb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  const files = readdirSync(`/proc/${pid}/fd`).length;
  return { atS: Math.round(atS), rssMb: Math.round(Number(rssKb) / 1_024), files };
}

/** From the first to the last sample along the straight line that fits all of them best. */
function growthOf(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const mean = (value: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + value(sample), 0) / samples.length;
  const meanS = mean(({ atS }) => atS);
  const meanValue = mean(of);
  const spread = mean(({ atS }) => (atS - meanS) ** 2);
  const slope = mean((sample) => (sample.atS - meanS) * (of(sample) - meanValue)) / spread;
  return slope * (samples.at(-1)!.atS - samples[0]!.atS);
}
