// One way from a thread to another, by each of the engine's ways of waiting: a stamp is put into shared memory at a steady rate with idle
// gaps between, and the other thread notes how old it is when it gets there. Beside it, what the waiting costs in processor time.
import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { createClock } from '../src/runtime/monotonic-clock.js';
import { Doorbell } from '../src/shm/doorbell.js';
import { RING_FULL, SpscRing } from '../src/shm/spsc-ring.js';
import {
  ENDED,
  HOP_RECORD_BYTES,
  type Hop,
  type HopInput,
  type HopMemory,
  receive,
  SENT,
} from './hop-receiver.js';
import { median, quantile } from './quantiles.js';
import {
  createReport,
  describeMachine,
  isSmoke,
  type Machine,
  markdownTable,
  printReport,
  type Row,
} from './report.js';

const ROUNDS = isSmoke ? 2 : 5;
const MESSAGES = isSmoke ? 200 : 4_000;
/** At the start of each run: the compiler's, not counted. */
const WARM_UP = isSmoke ? 100 : 500;
const GAP_MS = 1;
/** A gap is longer or shorter by up to so much of it. */
const JITTER = 0.5;
const RING_RECORDS = 1_024;
const RANKS = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999, p9999: 0.9999, max: 1 } as const;

interface Variant {
  readonly name: string;
  readonly hop: Hop;
  /** Threads that never leave their core. */
  readonly spinning: number;
}
const VARIANTS: readonly Variant[] = [
  { name: 'doorbell, spin', hop: { way: 'doorbell', wait: 'spin' }, spinning: 1 },
  { name: 'doorbell, hybrid', hop: { way: 'doorbell', wait: 'hybrid' }, spinning: 0 },
  { name: 'doorbell, yield', hop: { way: 'doorbell', wait: 'yield' }, spinning: 0 },
  { name: 'doorbell, block', hop: { way: 'doorbell', wait: 'block' }, spinning: 0 },
  { name: 'ring, setImmediate turns', hop: { way: 'ring', wait: 'spin' }, spinning: 1 },
  { name: 'ring, turns then waitAsync', hop: { way: 'ring', wait: 'hybrid' }, spinning: 0 },
  { name: 'ring, waitAsync', hop: { way: 'ring', wait: 'block' }, spinning: 0 },
  { name: 'MessagePort', hop: { way: 'port' }, spinning: 0 },
];

interface Run {
  readonly tookNs: Float64Array;
  /** Of one core, sender and receiver together. */
  readonly cpuPercent: number;
}

if (isMainThread) await main();
else await receive(workerData as HopInput);

async function main(): Promise<void> {
  const machine = describeMachine();
  const samples = VARIANTS.map(() => ({ tookNs: [] as number[], cpu: [] as number[] }));
  for (let round = 1; round <= ROUNDS; round++) {
    process.stderr.write(`round ${round} of ${ROUNDS}\n`);
    // What the sender takes by itself, on the machine of this moment.
    const { cpuPercent: senderPercent } = await measure({ way: 'nobody' });
    for (const [at, { name, hop }] of VARIANTS.entries()) {
      const { tookNs, cpuPercent } = await measure(hop);
      const wrong = tookNs.find((ns) => !(ns > 0));
      if (wrong !== undefined) throw new Error(`lost, or early: hop="${name}" tookNs=${wrong}`);
      samples[at]!.tookNs.push(...tookNs);
      samples[at]!.cpu.push(Math.max(0, cpuPercent - senderPercent));
    }
  }
  const rows = VARIANTS.map((variant, at) => rowOf(variant, samples[at]!, machine));
  printReport(createReport('hop', machine, rows, textOf(rows)));
}

async function measure(hop: Hop): Promise<Run> {
  const total = WARM_UP + MESSAGES;
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const memory: HopMemory = {
    doorbell: shared(Doorbell.bytes(1)),
    ring: shared(SpscRing.bytes(RING_RECORDS, HOP_RECORD_BYTES)),
    stampsNs: shared(total * 8),
    tookNs: shared(total * 8),
    control: shared(2 * 4),
  };
  const input: HopInput = { hop, memory, origin: process.hrtime() };
  const worker = new Worker(new URL(import.meta.url), { workerData: input });
  const exited = once(worker, 'exit');
  await once(worker, 'message');
  const send = createSender(input, worker);
  for (let message = 0; message < WARM_UP; message++) send(message);
  const startCpu = process.cpuUsage();
  const startNs = process.hrtime.bigint();
  for (let message = WARM_UP; message < total; message++) send(message);
  const { user, system } = process.cpuUsage(startCpu);
  const wallUs = Number(process.hrtime.bigint() - startNs) / 1_000;
  Atomics.store(new Int32Array(memory.control), ENDED, 1);
  worker.postMessage(null);
  const [exitCode] = await exited;
  if (exitCode !== 0) throw new Error(`the receiver failed: exitCode=${String(exitCode)}`);
  return {
    tookNs: new Float64Array(memory.tookNs).slice(WARM_UP),
    cpuPercent: ((user + system) / wallUs) * 100,
  };
}

/** Pauses, then sends one message. The pause is no spinning: on two cores the receiver needs the other one, and others need it too. */
function createSender(
  { hop, memory, origin }: HopInput,
  worker: Worker,
): (message: number) => void {
  const clock = createClock(origin);
  const doorbell = new Doorbell(memory.doorbell);
  const ring = new SpscRing(memory.ring, HOP_RECORD_BYTES, 'producer');
  const stampsNs = new Float64Array(memory.stampsNs);
  const control = new Int32Array(memory.control);
  const never = new Int32Array(new SharedArrayBuffer(4));
  return (message) => {
    Atomics.wait(never, 0, 0, GAP_MS * (1 - JITTER + 2 * JITTER * Math.random()));
    switch (hop.way) {
      case 'ring': {
        const record = ring.claim();
        if (record === RING_FULL) throw new Error(`the receiver is behind: message=${message}`);
        ring.floats[record / 8] = clock.nowNs();
        ring.publish();
        return;
      }
      case 'port':
        worker.postMessage(clock.nowNs());
        return;
      case 'doorbell':
      case 'nobody':
        stampsNs[message] = clock.nowNs();
        Atomics.store(control, SENT, message + 1);
        doorbell.mark(0);
        doorbell.ring();
        return;
      default:
        hop satisfies never;
    }
  };
}

function rowOf(
  { name, spinning }: Variant,
  { tookNs, cpu }: { readonly tookNs: readonly number[]; readonly cpu: readonly number[] },
  machine: Machine,
): Row {
  const sorted = Float64Array.from(tookNs).sort();
  const ranks = Object.entries(RANKS).map(([rank, share]) => [rank, quantile(sorted, share)]);
  const figures = { ...Object.fromEntries(ranks), 'cpu percent': median(cpu) };
  const marks = marksOf(spinning, machine);
  return { name, unit: 'ns', figures, ...(marks.length > 0 && { marks }) };
}

/** The sender needs a core too; so does what ran on the machine before. */
function marksOf(spinning: number, { cores, load }: Machine): string[] {
  if (spinning === 0 || spinning + 1 + Math.round(load) <= cores) return [];
  if (spinning + 1 > cores) return ['spinning threads outnumber the cores'];
  return [`spins beside other work, load ${load.toFixed(1)}`];
}

function textOf(rows: readonly Row[]): string {
  const head = ['us', ...Object.keys(RANKS), 'cpu of a core, %', 'marks'];
  const cells = rows.map(({ name, figures, marks }) => [
    name,
    ...Object.keys(RANKS).map((rank) => (figures[rank]! / 1_000).toFixed(2)),
    figures['cpu percent']!.toFixed(0),
    marks?.join('; ') ?? '',
  ]);
  const how =
    `${ROUNDS * MESSAGES} messages each, in ${ROUNDS} rounds of all ways in turn, one every ${GAP_MS} ms +- ${JITTER * 100} %; ` +
    `each message has its own stamp, also when several are read at once. Processor time is the process's less what the sender takes alone.`;
  return `${how}\n\n${markdownTable(head, cells)}`;
}
