// A run that is scraped all the time: each scrape is a line of JSON. A program of its own, bundled by the test.
import { performance } from 'node:perf_hooks';
import { startExchangeProcess } from '../../src/cli/exchange-process.js';
import { RunEnd } from '../../src/cli/run-end.js';
import { runSession } from '../../src/cli/run-session.js';
import { resolveConfig } from '../../src/runtime/config.js';
import { Engine } from '../../src/runtime/engine.js';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.js';

const SCRAPE_MS = 100;
const [mainPath = '', durationMs = '0'] = process.argv.slice(2);
const args = ['sim', '--seed', '7', '--markets', '100', '--divergences-per-second', '12'];
const { config } = resolveConfig({ flags: {}, env: {} });
let metrics: Metrics | undefined;
let timer: NodeJS.Timeout | undefined;

/** How long the main thread had nothing else to do, at the worst, while the text was made. */
async function scrape(): Promise<void> {
  if (metrics === undefined) return;
  let worstMs = 0;
  let fromMs = performance.now();
  let isOver = false;
  const turn = (): void => {
    worstMs = Math.max(worstMs, performance.now() - fromMs);
    fromMs = performance.now();
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const startMs = performance.now();
  const text = await metrics.text();
  isOver = true;
  worstMs = Math.max(worstMs, performance.now() - fromMs);
  process.stdout.write(
    `${JSON.stringify({ text, tookMs: performance.now() - startMs, worstMs })}\n`,
  );
}

await runSession(
  { config, durationMs: Number(durationMs), stateDir: undefined, acceptDifferences: false },
  {
    startExchange: (cancelled) => startExchangeProcess({ mainPath, args }, cancelled),
    lock: async () => ({ release: () => undefined }),
    openControl: async () => ({ pageUrl: undefined, close: async () => undefined }),
    createEngine: (engineConfig, log) => {
      const engine = new Engine(engineConfig, log);
      const [kalshi, polymarket] = engine.resyncHistograms;
      metrics = createMetrics(
        {
          version: 'test',
          profile: engineConfig.profile,
          status: () => engine.status(),
          histograms: engine.histograms,
          resync: { kalshi, polymarket },
        },
        0,
      );
      timer = setInterval(() => void scrape(), SCRAPE_MS);
      return engine;
    },
  },
  {
    everyMs: 1_000,
    open: () => undefined,
    event: () => undefined,
    show: () => undefined,
    close: () => undefined,
  },
  new RunEnd(),
);
clearInterval(timer);
await scrape();
metrics?.close();
