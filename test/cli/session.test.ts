import { describe, expect, it } from 'vitest';
import type { RunningExchange } from '../../src/cli/exchange-process.js';
import { RunEnd } from '../../src/cli/run-end.js';
import { LineOutput, type RunOutput } from '../../src/cli/run-output.js';
import { scoreRun } from '../../src/cli/run-score.js';
import { type RunEngine, runSession } from '../../src/cli/run-session.js';
import { summaryText } from '../../src/cli/summary.js';
import { resolveConfig } from '../../src/runtime/config.js';
import type { EngineConfig } from '../../src/runtime/engine-config.js';
import { type EngineEvent, STAGES } from '../../src/runtime/status.js';
import type { Episode } from '../../src/sim/market/truth.js';
import { SAMPLE_STATUS } from './sample-status.js';

const ACCESS = { restUrl: 'http://x', wsUrl: 'ws://x', privateKeyPath: '/k' };
const PNL_MICROS = SAMPLE_STATUS.pnlMicros;

interface Trial {
  readonly startFails?: boolean;
  readonly startHangs?: boolean;
  readonly stopHangs?: boolean;
  readonly exchangeFails?: boolean;
  readonly dies?: Promise<string>;
  readonly truthFails?: boolean;
  readonly exchangePnlMicros?: number;
  readonly stoppedBecause?: string;
  /** Underrounds that the exchanges count are other ones. */
  readonly otherCriteria?: boolean;
  readonly isLocked?: boolean;
  /** No exchanges to start: the addresses are given. */
  readonly isReal?: boolean;
  readonly stateDir?: string;
}

const CRITERIA = { minNetMicros: 20_000, maxSizeCenti: 10_000, maxCostMicros: 100_000_000 };
const REAL_ACCESS = {
  'kalshi.keyId': 'id',
  'kalshi.privateKeyPath': '/k',
  'polymarket.privateKeyPath': '/p',
  'polymarket.funder': `0x${'1'.repeat(40)}`,
  'pairs.path': '/pairs',
};

/** A session of stubs, and what was done to them. */
function trial(given: Trial, durationMs: number | undefined = 20) {
  const done: string[] = [];
  const locked: (string | undefined)[] = [];
  const configs: EngineConfig[] = [];
  const events: EngineEvent[] = [];
  const statement = { cashMicros: 0, startingMicros: 0, feesMicros: 1 };
  const exchange: RunningExchange = {
    ready: {
      event: 'ready',
      seed: 7,
      markets: 200,
      kalshi: { ...ACCESS, keyId: 'id' },
      polymarket: {
        ...ACCESS,
        chainId: 137,
        funder: '0x',
        exchanges: { standard: 'a', negRisk: 'b' },
      },
      pairsPath: '/p',
      controlUrl: 'http://c',
      directory: '/d',
    },
    died: given.dies ?? new Promise(() => undefined),
    truth: async () => {
      if (given.truthFails === true) throw new Error('no answer');
      const minNetMicros = given.otherCriteria === true ? 1 : CRITERIA.minNetMicros;
      return { criteria: { ...CRITERIA, minNetMicros }, episodes: [], passings: [] };
    },
    accounts: async () => ({
      kalshi: statement,
      polymarket: statement,
      combined: { pnlMicros: given.exchangePnlMicros ?? PNL_MICROS },
    }),
    end: async () => void done.push('exchange ended'),
  };
  const never = new Promise<never>(() => undefined);
  const status = { ...SAMPLE_STATUS, stoppedBecause: given.stoppedBecause };
  const engine: RunEngine = {
    start: async () => {
      if (given.startFails === true) throw new Error('cannot start: do this');
      if (given.startHangs === true) await never;
    },
    status: () => status,
    hearDetections: () => undefined,
    stop: async () => {
      done.push('engine stopped');
      return given.stopHangs === true ? never : status;
    },
  };
  const output: RunOutput = {
    everyMs: 5,
    open: () => undefined,
    event: (event) => void events.push(event),
    show: () => undefined,
    close: () => void done.push('output closed'),
  };
  const end = new RunEnd();
  const flags = given.isReal === true ? { profile: 'live', ...REAL_ACCESS } : {};
  const { config } = resolveConfig({ flags, env: {} });
  const startExchange = async () => {
    if (given.exchangeFails === true) throw new Error('port is taken');
    return exchange;
  };
  const result = runSession(
    { config, durationMs, stateDir: given.stateDir, acceptDifferences: true },
    {
      startExchange: given.isReal === true ? undefined : startExchange,
      lock: async (_, locksDir) => {
        if (given.isLocked === true) throw new Error('another instance has this account');
        locked.push(locksDir);
        return { release: () => void done.push('lock released') };
      },
      openControl: async () => ({
        pageUrl: undefined,
        close: async () => void done.push('control closed'),
      }),
      createEngine: (engineConfig) => {
        configs.push(engineConfig);
        return engine;
      },
    },
    output,
    end,
  );
  return { result, done, events, end, locked, configs };
}

const ALL_ENDED = [
  'engine stopped',
  'control closed',
  'output closed',
  'lock released',
  'exchange ended',
];

describe('a run', () => {
  it('ends by its duration with everything ended and the books compared', async () => {
    const { result, done } = trial({});
    const { code, summary } = await result;
    expect(code).toBe(0);
    expect(done).toEqual(ALL_ENDED);
    expect(summary).toMatchObject({
      opportunities: { truth: 0, detected: 0, false: 0, recall50ms: { lived: 0, ratio: null } },
      arbs: { fired: 3_210, bothFilled: 3_200, oneLegged: 4, noneFilled: 5, unknown: 1 },
      pnlMicros: PNL_MICROS,
      exchangePnlMicros: PNL_MICROS,
      pnlAgrees: true,
      exchangeFees: { kalshi: 1, polymarket: 1 },
      run: { seed: 7, markets: 200, endedBy: 'duration', kalshiFeeds: 1, executors: 1 },
    });
    expect(Object.keys(summary.latencyNs)).toEqual([...STAGES]);
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
    expect(summaryText(summary, SAMPLE_STATUS, false)).toContain("exchanges' books say the same");
  });

  it('fails when the books differ, by as little as a micro-dollar', async () => {
    const { code, summary } = await trial({ exchangePnlMicros: PNL_MICROS + 1 }).result;
    expect({ code, agrees: summary.pnlAgrees }).toEqual({ code: 1, agrees: false });
    expect(summaryText(summary, SAMPLE_STATUS, false)).toContain('but the exchanges');
  });

  it('fails when the engine had stopped firing', async () => {
    const { code, summary } = await trial({ stoppedBecause: 'worker died' }).result;
    expect({ code, why: summary.run.stoppedBecause }).toEqual({ code: 1, why: 'worker died' });
  });

  it('reports the death of the exchanges, stops, and says that nothing could be compared', async () => {
    const { result, done, events } = trial({ dies: Promise.resolve('exit code=9') }, undefined);
    const { code, summary } = await result;
    expect(code).toBe(1);
    expect(done).toEqual(ALL_ENDED);
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'exchange-died', facts: { words: 'exit code=9' } }),
    );
    expect(summary).toMatchObject({ opportunities: { truth: null }, pnlAgrees: null });
  });

  it('ends everything when the engine cannot start, and passes its words on', async () => {
    const { result, done } = trial({ startFails: true });
    await expect(result).rejects.toThrow('cannot start: do this');
    expect(done).toEqual(ALL_ENDED);
  });

  it('passes on why the exchanges did not start', async () => {
    await expect(trial({ exchangeFails: true }).result).rejects.toThrow('port is taken');
  });

  it.each([{ startHangs: true }, { stopHangs: true }])(
    'ends on a signal also with %j',
    async (given) => {
      const { result, done, events, end } = trial(given, undefined);
      end.ask({ kind: 'signal', signal: 'SIGINT' });
      const { code, summary } = await result;
      expect(done).toEqual(ALL_ENDED);
      const isLate = events.some(({ event }) => event === 'stop-late');
      expect(isLate).toBe(given.stopHangs === true);
      // An engine that does not stop has failed; one that had not started has not.
      expect({ code, endedBy: summary.run.endedBy }).toEqual({
        code: given.stopHangs === true ? 1 : 0,
        endedBy: 'SIGINT',
      });
    },
  );

  it('keeps its state with the keys of its exchanges, and its lock too, unless it is told where', async () => {
    const own = trial({});
    await own.result;
    expect(own.locked).toEqual(['/d']);
    expect(own.configs).toMatchObject([{ stateDir: '/d/state', acceptDifferences: true }]);
    const told = trial({ stateDir: '/s' });
    await told.result;
    expect(told.configs).toMatchObject([{ stateDir: '/s', profile: 'sim' }]);
  });

  it('does not begin when another instance has the account', async () => {
    const { result, done, configs } = trial({ isLocked: true });
    await expect(result).rejects.toThrow('another instance has this account');
    expect({ done, configs }).toEqual({ done: ['exchange ended'], configs: [] });
  });

  it('has no score when the exchanges count other underrounds than it looks for', async () => {
    const { result, events } = trial({ otherCriteria: true });
    const { code, summary } = await result;
    expect({ code, truth: summary.opportunities.truth, agrees: summary.pnlAgrees }).toEqual({
      code: 0,
      truth: null,
      agrees: true,
    });
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'truth-differs',
        facts: { minNetMicros: '1 ours 20000' },
      }),
    );
  });

  it('runs on real exchanges without a truth, its lock where every instance of the user looks', async () => {
    const { result, done, locked, configs } = trial({ isReal: true, stateDir: '/s' });
    const { code, summary } = await result;
    expect({ code, done }).toEqual({ code: 0, done: ALL_ENDED.slice(0, 4) });
    expect(locked).toEqual([undefined]);
    expect(configs).toMatchObject([
      {
        profile: 'live',
        stateDir: '/s',
        kalshi: { restUrl: 'https://external-api.kalshi.com/trade-api/v2' },
        polymarket: { restUrl: 'https://clob.polymarket.com' },
      },
    ]);
    expect(summary).toMatchObject({
      opportunities: { truth: null, false: null },
      pnlAgrees: null,
      run: { profile: 'live', seed: null, markets: SAMPLE_STATUS.pairs },
    });
    expect(summaryText(summary, SAMPLE_STATUS, false)).not.toContain('seed');
  });

  it('gives a summary without the truth when the exchanges do not answer', async () => {
    const { result, events } = trial({ truthFails: true });
    const { code, summary } = await result;
    expect({ code, truth: summary.opportunities.truth }).toEqual({ code: 0, truth: null });
    expect(events.map(({ event }) => event)).toContain('truth-unknown');
  });
});

describe('the score of a run', () => {
  const episode = (openUs: number, closeUs: number | null): Episode => ({
    pair: 0,
    direction: 0,
    openUs,
    closeUs,
    bestNetMicros: 1,
    bestSizeCenti: 1,
    endedBy: 'market',
    prices: [[openUs, closeUs, 4_000, 5_000]],
    firstTakesUs: [null, null],
  });
  const at = (atUs: number) =>
    ({ pair: 0, direction: 0, kalshiAskE4: 4_000, polymarketAskE4: 5_000, atUs }) as const;
  const watched = { fromUs: 1_000_000, untilUs: 2_000_000 };

  it('does not count lives outside the watched time', () => {
    const episodes = [
      episode(0, 900_000),
      episode(950_000, 1_040_000),
      episode(1_400_000, 1_500_000),
      episode(1_960_000, null),
      episode(2_100_000, null),
    ];
    const score = scoreRun(episodes, [], [at(1_400_050)], watched);
    expect(score).toMatchObject({ truth: 3, detected: 1, false: 0 });
    expect(score.recall50ms).toMatchObject({ lived: 1, detected: 1 });
  });

  it('knows a detection of the moment before the start was heard of', () => {
    const score = scoreRun([episode(900_000, 1_100_000)], [], [at(999_990)], watched);
    expect(score).toMatchObject({ truth: 1, detected: 1, false: 0 });
  });

  it('does not take what an earlier run bought for its own', () => {
    const taken = (firstTakesUs: Episode['firstTakesUs']) => ({
      ...episode(900_000, 1_500_000),
      firstTakesUs,
    });
    const takes = (...episodes: Episode[]) => scoreRun(episodes, [], [], watched).takeTimesUs;
    expect(takes(taken([950_000, 960_000]))).toEqual([]);
    expect(takes(taken([950_000, 1_100_000]))).toEqual([]);
    expect(takes(taken([1_200_000, 1_300_000]))).toEqual([300_000]);
  });

  it('calls a detection false whose prices stood longer ago than the tolerance', () => {
    const episodes = [episode(1_100_000, 1_200_000)];
    expect(scoreRun(episodes, [], [at(1_400_000)], watched).false).toBe(0);
    expect(scoreRun(episodes, [], [at(1_400_001)], watched).false).toBe(1);
  });
});

describe('plain lines', () => {
  it('hold one event each, of the asked level, with its facts', () => {
    const lines: string[] = [];
    const out = { write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream;
    const output = new LineOutput(out, 'warn');
    const facts = { pair: 'a b', sizeCenti: 5 };
    output.event({ level: 'info', event: 'quiet', text: 'not shown', facts });
    output.event({ level: 'warn', event: 'feed-down', text: 'line\nbreak', facts });
    output.show(SAMPLE_STATUS);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\S+Z warn {2}feed-down {6}line break pair="a b" sizeCenti=5\n$/);
  });
});
