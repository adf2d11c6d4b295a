// Whether those who look at the engine, and where its records also go, cost an order time: wire to wire with nobody, with the page open and
// shut, and with sinks that are up, slow or dead, in turns. Nobody is measured twice: what the two differ by is noise, and all others are
// held against both.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { readControlFile } from '../src/control/token.js';
import { Rng } from '../src/sim/market/rng.js';
import { freePort } from '../test/sinks/free-port.js';
import { PostgresServer, postgresPrograms } from '../test/sinks/postgres-server.js';
import { RedisServer, redisProgram } from '../test/sinks/redis-server.js';
import { type Interval, ratioInterval } from './block-bootstrap.js';
import {
  createReport,
  describeMachine,
  isSmoke,
  markdownTable,
  printReport,
  type Row,
} from './report.js';
import { type BlockPlan, type BlockResult, runBlock } from './wire-block.js';
import { figuresAt } from './wire-rows.js';

const { values } = parseArgs({
  options: {
    /** Of each block. */
    seconds: { type: 'string', default: isSmoke ? '3' : '10' },
    /** Blocks of each way. */
    rounds: { type: 'string', default: isSmoke ? '1' : '8' },
    /** Ways whose names have this in them, beside nobody. */
    only: { type: 'string', default: '' },
    /** Of the engine: where cores sleep, most of the tail is that of waking them. */
    'keep-awake': { type: 'string', default: 'false' },
    json: { type: 'boolean' },
    smoke: { type: 'boolean' },
  },
});
const ROUNDS = Number(values.rounds);
const PER_SECOND = 25;
const SECONDS = Number(values.seconds);
const FIRST_SEED = 11;
const HOST = '127.0.0.1';
const NOBODY = 'nobody looks';
const NOBODY_AGAIN = 'nobody looks, again';

/** One way of being watched. What it starts beside the engine it ends. */
interface Way {
  readonly name: string;
  /** Flags of the engine, what runs beside it, and what ends all of it. */
  open(): Promise<{
    readonly flags: readonly string[];
    readonly beside?: BlockPlan['beside'];
    end(): Promise<void>;
  }>;
}

const nothing = async () => undefined;
const PAGE = ['--ui', `${HOST}:0`];

const ALL_WAYS: readonly Way[] = [
  { name: NOBODY, open: async () => ({ flags: [], end: nothing }) },
  { name: NOBODY_AGAIN, open: async () => ({ flags: [], end: nothing }) },
  { name: 'the page is shut', open: async () => ({ flags: PAGE, end: nothing }) },
  {
    name: 'the page is open',
    open: async () => ({ flags: PAGE, beside: openPage, end: nothing }),
  },
  { name: 'sinks are dead', open: deadSinks },
  { name: 'sinks are slow', open: slowSinks },
  { name: 'sinks are up', open: goodSinks },
];
/** A short run has no time for databases: the end-to-end tests start them. */
const SMOKE_WAYS = [NOBODY, 'the page is shut', 'the page is open'];
const WAYS = ALL_WAYS.filter(({ name }) =>
  isSmoke ? SMOKE_WAYS.includes(name) : name.startsWith(NOBODY) || name.includes(values.only),
);

const machine = describeMachine();
const blocks = new Map<string, BlockResult[]>();
const rng = new Rng(FIRST_SEED);
for (let round = 0; round < ROUNDS; round++) {
  // Who follows whom is another one in each round.
  for (const way of shuffled(WAYS)) await measure(way, round);
}
const rows = WAYS.flatMap(({ name }) => rowOf(name));
printReport(createReport('watched', machine, rows, pageOf(rows)));

function shuffled(ways: readonly Way[]): Way[] {
  const keyed = ways.map((way) => ({ way, key: rng.uint32() }));
  return keyed.sort((one, other) => one.key - other.key).map(({ way }) => way);
}

async function measure(way: Way, round: number): Promise<void> {
  const { flags, beside, end } = await way.open();
  try {
    const block = await runBlock('underround', {
      seed: FIRST_SEED + round,
      openedPairs: 76,
      noisePairs: 24,
      warm: { perSecond: PER_SECOND, answered: isSmoke ? 40 : 100 },
      floor: { perSecond: 100, seconds: 1 },
      phases: [{ perSecond: PER_SECOND, seconds: SECONDS }],
      engineFlags: [...flags, '--keep-awake', values['keep-awake']],
      ...(beside && { beside }),
    });
    blocks.set(way.name, [...(blocks.get(way.name) ?? []), block]);
    process.stderr.write(`round ${round + 1} of ${ROUNDS}: ${way.name}\n`);
  } finally {
    await end();
  }
}

/** Reads every frame, as a browser does. */
async function openPage(stateDir: string): Promise<() => Promise<void>> {
  const control = readControlFile(stateDir);
  if (control === undefined) throw new Error(`no control file: dir=${stateDir}`);
  const socket = new WebSocket(`${control.url.replace('http', 'ws')}/api/v1/stream`);
  let frames = 0;
  socket.on('message', (data) => {
    frames += JSON.parse(String(data)) === null ? 0 : 1;
  });
  await once(socket, 'open');
  return async () => {
    socket.terminate();
    if (frames < SECONDS) throw new Error(`the page got too few frames: frames=${frames}`);
  };
}

function sinkFlags(postgresUrl: string, redisUrl: string): string[] {
  return ['--sinks-postgres-url', postgresUrl, '--sinks-redis-url', redisUrl];
}

/** Nobody listens there. */
async function deadSinks() {
  const at = `${HOST}:${await freePort()}`;
  return { flags: sinkFlags(`postgres://trader@${at}/x`, `redis://${at}`), end: nothing };
}

/** Somebody takes the connection and never says a word. */
async function slowSinks() {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  server.listen(0, HOST);
  await once(server, 'listening');
  const at = `${HOST}:${(server.address() as AddressInfo).port}`;
  return {
    flags: sinkFlags(`postgres://trader@${at}/x`, `redis://${at}`),
    end: async () => void server.close(),
  };
}

/** Real servers, beside the engine on the same cores; without them the row is left out. */
async function goodSinks() {
  const [postgres, redis] = [postgresPrograms(), redisProgram()];
  if (postgres === undefined || redis === undefined) throw new Error('no PostgreSQL or no Redis');
  const [database, stream] = [await PostgresServer.start(postgres), await RedisServer.start(redis)];
  return {
    flags: sinkFlags(database.url(), stream.url()),
    end: async () => {
      await database.remove();
      await stream.stop();
    },
  };
}

function rowOf(name: string): Row[] {
  const own = blocks.get(name) ?? [];
  if (own.length === 0) return [];
  const nobody = [NOBODY, NOBODY_AGAIN]
    .filter((one) => one !== name)
    .flatMap((one) => blocks.get(one) ?? []);
  const { second, floor } = figuresAt(own, PER_SECOND);
  const samples = (all: readonly BlockResult[]) =>
    all.map((block) => figuresAt([block], PER_SECOND).samples.second);
  if (nobody.length === 0) nobody.push(...own);
  const intervals = [0.5, 0.99].map((rank) => ratioInterval(samples(own), samples(nobody), rank));
  const [p50, p99] = intervals as [Interval, Interval];
  const figures = {
    ...{ p50: second.p50, p99: second.p99, 'ratio p50 to the floor': second.p50 / floor.p50 },
    ...{ 'ratio p50': p50.of, 'ratio p50 from': p50.from, 'ratio p50 to': p50.to },
    ...{ 'ratio p99': p99.of, 'ratio p99 from': p99.from, 'ratio p99 to': p99.to },
  };
  return [{ name: `second order, ${name}`, unit: 'ns', figures }];
}

function pageOf(all: readonly Row[]): string {
  const us = (ns = 0) => (ns / 1_000).toFixed(0);
  const ratio = (figures: Row['figures'], rank: string) => {
    const [of, from, to] = ['', ' from', ' to'].map((end) => figures[`ratio ${rank}${end}`] ?? 0);
    return `${of!.toFixed(2)} (${from!.toFixed(2)} to ${to!.toFixed(2)})`;
  };
  const table = markdownTable(
    ['second order, µs', 'p50', 'p99', 'p50 to nobody', 'p99 to nobody'],
    all.map(({ name, figures }) => [
      name.replace('second order, ', ''),
      us(figures.p50),
      us(figures.p99),
      ratio(figures, 'p50'),
      ratio(figures, 'p99'),
    ]),
  );
  return `${ROUNDS} blocks of each in turns, ${PER_SECOND} openings a second for ${SECONDS} s. In brackets: where the ratio lies in 95 of 100 draws of the blocks. Nobody is held against nobody measured again, all others against both.\n\n${table}\n`;
}
