// Metrics of everything that there can be, from figures that a test can change.
import { createResyncHistograms, createStageHistograms } from '../../src/runtime/telemetry.js';
import type { MetricsSource } from '../../src/telemetry/metrics.js';
import { SAMPLE_STATUS } from '../cli/sample-status.js';

export function sampleSource(): MetricsSource & { status: () => typeof SAMPLE_STATUS } {
  const [kalshi, polymarket] = createResyncHistograms();
  return {
    version: '0.1.0',
    profile: 'sim',
    status: () => SAMPLE_STATUS,
    histograms: createStageHistograms(),
    resync: { kalshi, polymarket },
    naked: () => ({ micros: 1_500_000, maxMicros: 100_000_000 }),
    sinks: () => [{ name: 'postgres', state: 'down', lagRows: 17 }],
    alerts: () => [{ name: 'slack', isUp: true, sent: 3, failed: 1, dropped: 0, waiting: 2 }],
    droppedLogLines: () => 0,
  };
}
