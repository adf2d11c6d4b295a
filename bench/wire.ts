// Wire to wire: from the moment an exchange's book opens an underround to the moment both of its orders have taken it, measured by the
// simulated exchanges themselves, in their own process. underround and the naive bot in turn, on the same seeds. The headline is the ratio.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { cpus } from 'node:os';

interface Episode {
  readonly openUs: number;
  readonly closeUs: number | null;
  readonly endedBy: string;
}

const smoke = process.argv.includes('--smoke');
const SEEDS = smoke ? [7] : [7, 8, 9];
const SECONDS = smoke ? 4 : 20;
const MARKETS = '50';
/** One an arbitrage of few seconds would be no sample. */
const DIVERGENCES = '10';
const SETTLE_MS = 1_500;

const rows = new Map<string, number[]>();
for (const seed of SEEDS) {
  for (const [name, run] of [
    ['underround', runEngine],
    ['naive', runNaive],
  ] as const) {
    const lives = await run(seed);
    rows.set(name, [...(rows.get(name) ?? []), ...lives]);
    console.error(`seed=${seed} ${name}: taken=${lives.length} p50=${percentile(lives, 50)} us`);
  }
}
const [ours, naive] = ['underround', 'naive'].map((name) => rows.get(name) ?? []);
console.log('| from the book to both orders, us | taken | p50 | p90 | p99 | max |');
console.log('|---|---|---|---|---|---|');
for (const [name, lives] of rows) {
  const at = [50, 90, 99, 100].map((rank) => percentile(lives, rank));
  console.log(`| ${name} | ${lives.length} | ${at.join(' | ')} |`);
}
const ratio = percentile(ours!, 50) / percentile(naive!, 50);
const [cpu] = cpus();
console.log(
  `ratio p50=${ratio.toFixed(2)} machine="${cpu?.model} x${cpus().length}" node=${process.version} markets=${MARKETS} divergences=${DIVERGENCES}/s`,
);

/** The whole program, as a person runs it. */
async function runEngine(seed: number): Promise<number[]> {
  const args = ['run', '--profile', 'sim', '--seed', `${seed}`, '--markets', MARKETS, '--json'];
  args.push('--divergences-per-second', DIVERGENCES, '--duration', `${SECONDS}s`);
  const child = start(['dist/main.js', ...args], 'ignore');
  let last = '';
  for await (const line of createInterface({ input: child.stdout! })) last = line;
  return (JSON.parse(last) as { opportunities: { takenUs: number[] } }).opportunities.takenUs;
}

async function runNaive(seed: number): Promise<number[]> {
  const sim = start(
    ['dist/main.js', 'sim', '--seed', `${seed}`, '--markets', MARKETS, '--divergences-per-second', DIVERGENCES],
    'pipe',
  );
  const lines = createInterface({ input: sim.stdout! });
  try {
    const ready = await new Promise<string>((resolve) => lines.once('line', resolve));
    const bot = start([new URL('./naive-bot.mjs', import.meta.url).pathname, ready, `${SECONDS * 1000 + SETTLE_MS}`], 'ignore');
    await new Promise((resolve) => bot.once('exit', resolve));
    const { controlUrl } = JSON.parse(ready) as { controlUrl: string };
    const { episodes } = (await (await fetch(`${controlUrl}/truth`)).json()) as { episodes: Episode[] };
    return episodes
      .filter(({ endedBy, closeUs }) => endedBy === 'taker' && closeUs !== null)
      .map(({ openUs, closeUs }) => closeUs! - openUs);
  } finally {
    sim.kill('SIGTERM');
  }
}

function start(args: string[], stdin: 'ignore' | 'pipe'): ChildProcess {
  return spawn(process.execPath, args, { stdio: [stdin, 'pipe', 'inherit'] });
}

function percentile(values: readonly number[], rank: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * rank) / 100))] ?? 0;
}
