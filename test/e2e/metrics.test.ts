// A real run, scraped ten times a second: what is exposed is whole each time, and no counter ever falls.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterEach, expect, it } from 'vitest';
import { type Family, readExposition } from '../telemetry/exposition.js';

const DURATION_MS = 3_000;
const left: string[] = [];
afterEach(() => {
  for (const directory of left.splice(0)) rmSync(directory, { recursive: true, force: true });
});

interface Scrape {
  readonly text: string;
  readonly tookMs: number;
  readonly worstMs: number;
}

async function meteredRun(): Promise<Scrape[]> {
  const directory = mkdtempSync(join(tmpdir(), 'underround-metered-'));
  left.push(directory);
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'), 'junction');
  symlinkSync(resolve('dist/workers'), join(directory, 'workers'), 'junction');
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  await build({
    entryPoints: [{ in: resolve('test/telemetry/metered-run.ts'), out: 'main' }],
    outdir: directory,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  const args = [join(directory, 'main.js'), resolve('dist/main.js'), String(DURATION_MS)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise((ended) => child.once('close', ended));
  expect(code).toBe(0);
  return said
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Scrape);
}

/** Series that may only rise: counters, and all of a histogram. */
function rising(families: Map<string, Family>): Map<string, number> {
  return new Map(
    [...families.values()]
      .filter(({ type }) => type !== 'gauge')
      .flatMap(({ samples }) => samples)
      .map(({ name, labels, value }) => [`${name} ${JSON.stringify(labels)}`, value]),
  );
}

it('exposes figures that never fall, whole at each scrape', async () => {
  const scrapes = await meteredRun();
  expect(scrapes.length).toBeGreaterThan(10);
  let before = new Map<string, number>();
  for (const { text } of scrapes) {
    const now = rising(readExposition(text));
    const fallen = [...before].filter(([key, value]) => (now.get(key) ?? -1) < value);
    expect(fallen).toEqual([]);
    before = now;
  }
  const last = (key: string) => before.get(key) ?? 0;
  const stage = (name: string) =>
    last(`underround_stage_seconds_count ${JSON.stringify({ stage: name })}`);
  expect(last('underround_feed_frames_total {"venue":"kalshi"}')).toBeGreaterThan(100);
  expect(stage('received_to_published')).toBeGreaterThan(100);
  expect(stage('written_to_answered')).toBeGreaterThan(2);
  expect(last('underround_fills_total {"venue":"kalshi"}')).toBeGreaterThan(0);
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  const tookMs = middle(scrapes.map((each) => each.tookMs));
  const worstMs = middle(scrapes.map((each) => each.worstMs));
  console.log(`scrape p50 ms: took=${tookMs.toFixed(2)} longest turn=${worstMs.toFixed(2)}`);
  // A scrape that holds the main thread for long would hold it for most of the time that it takes.
  expect(worstMs).toBeLessThan(tookMs);
});
