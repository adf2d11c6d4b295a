// --keep-awake on a running engine: a thread a core in the scheduler's idle class while it runs, none after it; and where that class
// cannot be had no thread at all, for one in any other class would take time from orders.
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterEach, expect, it } from 'vitest';
import { EngineRun, endAllRuns, expectHonestBooks } from './engine-process.js';

const ARGS = ['--seed', '7', '--markets', '50', '--duration', '4s', '--keep-awake'];
/** SCHED_IDLE of the kernel's sched.h. */
const IDLE_CLASS = '5';
/** Of /proc/PID/task/TID/stat, counted from the state, which follows the name in brackets. */
const POLICY_FIELD = 38;

afterEach(endAllRuns);

function threadsInIdleClass(pid: number): number {
  const stats = readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ').at(-1)!.split(' '),
  );
  return stats.filter((fields) => fields[POLICY_FIELD] === IDLE_CLASS).length;
}

it.runIf(process.platform === 'linux')('keeps a thread a core in the idle class', async () => {
  const run = new EngineRun(ARGS);
  await run.running();
  expect(threadsInIdleClass(run.pid)).toBe(availableParallelism());
  const { code, out } = await run.ended;
  expect(code).toBe(0);
  expect(run.linesOf('not-awake')).toEqual([]);
  expectHonestBooks(JSON.parse(out));
});

it('says so and trades on where the idle class cannot be had', async () => {
  const run = new EngineRun(ARGS, { env: { PATH: '/nowhere' } });
  await run.running();
  if (process.platform === 'linux') expect(threadsInIdleClass(run.pid)).toBe(0);
  const { code, out } = await run.ended;
  expect(code).toBe(0);
  const [told] = run.linesOf('not-awake');
  expect(told?.text).toContain('engine.keepAwake: false');
  expectHonestBooks(JSON.parse(out));
});
