// A status in the middle of a run, for tests of what a person sees.
import {
  type EngineStatus,
  type FeedStatus,
  type LatencyNs,
  NO_FEED,
  STAGES,
} from '../../src/runtime/status.js';

const FEED: FeedStatus = {
  ...NO_FEED,
  connected: 2,
  connections: 2,
  trustedMarkets: 199,
  markets: 200,
  frames: 1_234_567,
  conflated: 45_678,
  gaps: 3,
  garbage: 1,
  resyncs: 4,
  reconnects: 2,
  silences: 1,
  lates: 2,
  backOffs: 5,
};

const LATENCY: LatencyNs = {
  count: 98_765,
  p50: 9_876,
  p95: 45_678,
  p99: 123_456,
  p999: 7_654_321,
  max: 1.5e9,
};

export const SAMPLE_STATUS: EngineStatus = {
  state: 'running',
  stoppedBecause: undefined,
  uptimeMs: 3_723_456,
  isPaper: false,
  kill: 'armed',
  exposed: 0,
  pairs: 200,
  feeds: { kalshi: FEED, polymarket: { ...FEED, connected: 1 } },
  opportunities: {
    detected: 4_321,
    fired: 3_210,
    refused: { 'in-flight': 1_111, stale: 0, 'below-minimum': 7 },
  },
  held: { paused: 12 },
  arbs: { fired: 3_210, bothFilled: 3_200, oneLegged: 4, noneFilled: 5, unknown: 0, inFlight: 1 },
  orders: { kalshi: 3_210, polymarket: 3_209 },
  exits: { kalshi: 12, polymarket: 9 },
  fills: { kalshi: 3_301, polymarket: 3_377 },
  pnlMicros: 1_234_567_891,
  costMicros: 98_765_432_100,
  fees: { kalshi: 11_000_001, polymarket: 2_500_000 },
  nakedE6: 1_500_000,
  latencyNs: Object.fromEntries(
    STAGES.map((stage) => [stage, LATENCY]),
  ) as EngineStatus['latencyNs'],
};
