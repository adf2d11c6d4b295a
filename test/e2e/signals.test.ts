import { afterEach, describe, expect, it } from 'vitest';
import { EngineRun, endAllRuns, expectHonestBooks, isAlive } from './engine-process.js';

const MARKETS = ['--seed', '7', '--markets', '20', '--divergences-per-second', '8'];
/** What a person who pressed Ctrl-C is promised. */
const END_WITHIN_MS = 2_000;
/** For the operating system to start and reap processes on a busy machine. */
const MACHINE_MS = 500;

afterEach(endAllRuns);

describe('the end of a run', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'comes within 2 s of %s, with the summary and without an orphan',
    async (signal) => {
      const run = new EngineRun(MARKETS);
      await run.filledAfter(0);
      const children = run.children();
      expect(children).toHaveLength(1);
      const askedMs = performance.now();
      run.signal(signal);
      const { code, summary } = await run.summary();
      expect(performance.now() - askedMs).toBeLessThan(END_WITHIN_MS + MACHINE_MS);
      expect(code).toBe(0);
      expect(summary.run).toMatchObject({ endedBy: signal, stoppedBecause: null });
      expect(summary.arbs.fired).toBeGreaterThan(0);
      expect(summary.arbs.unknown).toBe(0);
      expectHonestBooks(summary);
      expect(children.filter(isAlive)).toEqual([]);
      expect(run.leftFiles()).toEqual([]);
    },
  );

  it('takes the exchanges along when the engine is killed without a word', async () => {
    const run = new EngineRun(MARKETS);
    await run.filledAfter(0);
    const [exchanges] = run.children();
    expect(exchanges).toBeDefined();
    run.signal('SIGKILL');
    expect(await run.ended).toMatchObject({ signal: 'SIGKILL', out: '' });
    await gone(exchanges ?? 0);
    await vanished(() => run.leftFiles());
  });

  it('comes at once at the second signal', async () => {
    const run = new EngineRun(MARKETS);
    await run.filledAfter(0);
    const children = run.children();
    run.signal('SIGINT');
    run.signal('SIGTERM');
    expect((await run.ended).code).toBe(1);
    for (const pid of children) await gone(pid);
    expect(run.leftFiles()).toEqual([]);
  });
});

const PATIENCE_MS = 10_000;

async function gone(pid: number): Promise<void> {
  await vanished(() => (isAlive(pid) ? [pid] : []));
}

async function vanished(look: () => readonly unknown[]): Promise<void> {
  await expect.poll(look, { timeout: PATIENCE_MS }).toEqual([]);
}
