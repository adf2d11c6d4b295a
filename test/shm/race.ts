// Runs one race on real threads and compares what happened with a table that lists every outcome. The threads' code is
// bundled from test/shm/races; a mutant is the same bundle with one line of src/shm changed, which the race must catch.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build, type Plugin } from 'esbuild';
import { expect } from 'vitest';
import { GATE_BYTES, type RaceInput, type Tally } from './races/role.js';

/** Operations of each race; `npm run test:races` asks for more. */
export const RACE_OPERATIONS = Number(process.env.UNDERROUND_RACE_OPS ?? 20_000_000);
/** Operations that a mutant is given to show itself. */
export const MUTANT_OPERATIONS = 3_000_000;
const MUTANT_ATTEMPTS = 150;

const CACHE_FOLDER = resolve('node_modules/.cache/underround-races');
const NANOS_PER_OPERATION_LIMIT = 4_000;
const DEADLINE_FLOOR_MS = 30_000;

/** One change of one file: `from` must be there, so that a mutant does not silently become the original. */
export interface Mutation {
  readonly file: string;
  readonly changes: readonly (readonly [from: string, to: string])[];
}

export interface Race {
  /** One thread each: the name of a role in races/race.worker.ts. */
  readonly roles: readonly string[];
  readonly memory: SharedArrayBuffer;
  readonly operations: number;
  readonly options?: Readonly<Record<string, number>>;
  readonly mutation?: Mutation;
  readonly deadlineMs?: number;
}

/** expected: the race did not happen without it. allowed: legal, need not occur. forbidden: the defect that it would be. */
export type Verdict = 'expected' | 'allowed' | `forbidden: ${string}`;
export type OutcomeTable = Readonly<Record<string, Verdict>>;

/** What a thread that never ended is tallied as. */
export const HUNG = 'hung';

/** Every outcome of a race is listed; one that is not listed fails the test. */
export function expectOutcomes(tally: Tally, table: OutcomeTable): void {
  const problems: string[] = [];
  for (const [outcome, times] of Object.entries(tally)) {
    const verdict = table[outcome] ?? 'forbidden: not listed';
    if (times > 0 && verdict.startsWith('forbidden')) {
      problems.push(`${outcome} x ${times} is ${verdict}`);
    }
  }
  for (const [outcome, verdict] of Object.entries(table)) {
    if (verdict === 'expected' && !((tally[outcome] ?? 0) > 0)) {
      problems.push(`${outcome} never happened`);
    }
  }
  expect(problems, `tally=${JSON.stringify(tally)}`).toEqual([]);
}

/** Races a mutant until it shows an outcome that the table forbids: on a busy machine its threads may hardly meet. */
export async function expectCaught(race: () => Promise<Tally>, table: OutcomeTable): Promise<void> {
  const tallies: Tally[] = [];
  for (let attempt = 0; attempt < MUTANT_ATTEMPTS; attempt++) {
    const tally = await race();
    const caught = Object.entries(tally).some(
      ([outcome, times]) =>
        times > 0 && (table[outcome] ?? 'forbidden: not listed').startsWith('forbidden'),
    );
    if (caught) return;
    tallies.push(tally);
  }
  expect.fail(`the mutant went unseen: tallies=${JSON.stringify(tallies)}`);
}

/** Starts one thread a role behind a common gate and adds up what they tallied. */
export async function runRace(race: Race): Promise<Tally> {
  const file = await bundle(race.mutation);
  const gate = new SharedArrayBuffer(GATE_BYTES);
  const deadlineMs =
    race.deadlineMs ??
    DEADLINE_FLOOR_MS + (race.operations * NANOS_PER_OPERATION_LIMIT) / 1_000_000;
  const tallies = await Promise.all(
    race.roles.map((role) => {
      const input: RaceInput = {
        role,
        threads: race.roles.length,
        gate,
        memory: race.memory,
        operations: race.operations,
        options: race.options ?? {},
      };
      return runThread(file, input, deadlineMs);
    }),
  );
  const sum: Record<string, number> = {};
  for (const tally of tallies) {
    for (const [outcome, times] of Object.entries(tally)) {
      sum[outcome] = (sum[outcome] ?? 0) + times;
    }
  }
  return sum;
}

function runThread(file: string, input: RaceInput, deadlineMs: number): Promise<Tally> {
  return new Promise((settle, fail) => {
    const worker = new Worker(file, { workerData: input });
    const deadline = setTimeout(() => end({ [HUNG]: 1 }), deadlineMs);
    const end = (tally: Tally) => {
      clearTimeout(deadline);
      settle(tally);
      void worker.terminate();
    };
    worker.once('message', end);
    worker.once('error', (cause) => {
      clearTimeout(deadline);
      fail(new Error(`race thread died: role=${input.role}`, { cause }));
    });
    worker.once('exit', (code) => {
      clearTimeout(deadline);
      fail(new Error(`race thread left without a tally: role=${input.role} code=${code}`));
    });
  });
}

const bundles = new Map<string, Promise<string>>();

function bundle(mutation: Mutation | undefined): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify(mutation ?? 'original'))
    .digest('hex')
    .slice(0, 16);
  const outfile = resolve(CACHE_FOLDER, `${process.pid}-${key}.mjs`);
  const known = bundles.get(key);
  if (known !== undefined) return known;
  mkdirSync(CACHE_FOLDER, { recursive: true });
  const made = build({
    entryPoints: [resolve('test/shm/races/race.worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    plugins: mutation === undefined ? [] : [mutate(mutation)],
  }).then(() => outfile);
  bundles.set(key, made);
  return made;
}

/** Takes away what this process bundled; call it after the last race. */
export async function removeBundles(): Promise<void> {
  for (const made of bundles.values()) rmSync(await made, { force: true });
  bundles.clear();
}

function mutate({ file, changes }: Mutation): Plugin {
  return {
    name: 'mutate',
    setup(building) {
      building.onLoad({ filter: new RegExp(`${basename(file).replace('.', '\\.')}$`) }, (args) => {
        let contents = readFileSync(args.path, 'utf8');
        for (const [from, to] of changes) {
          if (!contents.includes(from))
            throw new Error(`nothing to mutate: file=${file} from=${from}`);
          contents = contents.replace(from, () => to);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}
