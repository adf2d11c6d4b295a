import { afterEach, describe, expect, it } from 'vitest';
import { createMetrics, type Metrics, type MetricsSource } from '../../src/telemetry/metrics.js';
import { SAMPLE_STATUS } from '../cli/sample-status.js';
import { type Family, readExposition } from './exposition.js';
import { sampleSource } from './sample-metrics.js';

const opened: Metrics[] = [];
afterEach(() => {
  for (const metrics of opened.splice(0)) metrics.close();
});

function open(source: MetricsSource, cacheMs = 0): Metrics {
  const metrics = createMetrics(source, cacheMs);
  opened.push(metrics);
  return metrics;
}

function value(families: Map<string, Family>, name: string, labels: object = {}): number {
  for (const { samples } of families.values()) {
    for (const sample of samples) {
      const wanted = Object.entries(labels);
      const has = wanted.every(([label, text]) => sample.labels[label] === text);
      if (sample.name === name && has) return sample.value;
    }
  }
  throw new Error(`no sample: ${name} ${JSON.stringify(labels)}`);
}

describe('metrics', () => {
  it('says what the status says, in base units', async () => {
    const families = readExposition(await open(sampleSource()).text());
    const of = (name: string, labels?: object) => value(families, name, labels);
    expect(of('underround_feed_frames_total', { venue: 'kalshi' })).toBe(1_234_567);
    expect(of('underround_feed_connections', { venue: 'polymarket' })).toBe(1);
    expect(of('underround_decisions_total', { reason: 'in-flight' })).toBe(1_111);
    expect(of('underround_orders_total', { venue: 'kalshi' })).toBe(SAMPLE_STATUS.orders.kalshi);
    expect(of('underround_pnl_dollars')).toBeCloseTo(SAMPLE_STATUS.pnlMicros / 1e6, 6);
    expect(of('underround_engine_state', { state: 'running' })).toBe(1);
    expect(of('underround_engine_state', { state: 'stopped' })).toBe(0);
    expect(of('underround_naked_dollars')).toBe(1.5);
    expect(of('underround_sink_up', { sink: 'postgres' })).toBe(0);
    expect(of('underround_alerts_waiting', { target: 'slack' })).toBe(2);
    expect(of('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(of('process_open_fds')).toBeGreaterThan(2);
  });

  it('counts the histograms of the stages into their buckets', async () => {
    const source = sampleSource();
    const metrics = open(source);
    for (const ns of [9_000, 60_000, 60_000, 3_000_000]) source.histograms.legSkew.record(ns);
    const of = async (name: string, le?: string) =>
      value(readExposition(await metrics.text()), name, {
        stage: 'leg_skew',
        ...(le === undefined ? {} : { le }),
      });
    expect(await of('underround_stage_seconds_bucket', '0.00001')).toBe(1);
    expect(await of('underround_stage_seconds_bucket', '0.0001')).toBe(3);
    expect(await of('underround_stage_seconds_bucket', '+Inf')).toBe(4);
    expect(await of('underround_stage_seconds_sum')).toBeCloseTo(0.003129, 5);
    source.histograms.legSkew.record(70_000);
    expect(await of('underround_stage_seconds_bucket', '0.0001')).toBe(4);
    expect(await of('underround_stage_seconds_count')).toBe(5);
  });

  it('never lets a counter fall, and shows no gauge of what is gone', async () => {
    let status = SAMPLE_STATUS;
    const metrics = open({ ...sampleSource(), status: () => status });
    await metrics.text();
    status = {
      ...SAMPLE_STATUS,
      held: {},
      orders: { kalshi: 1, polymarket: SAMPLE_STATUS.orders.polymarket + 5 },
    };
    const families = readExposition(await metrics.text());
    expect(value(families, 'underround_orders_total', { venue: 'kalshi' })).toBe(
      SAMPLE_STATUS.orders.kalshi,
    );
    expect(value(families, 'underround_orders_total', { venue: 'polymarket' })).toBe(
      SAMPLE_STATUS.orders.polymarket + 5,
    );
    expect(families.get('underround_pairs_held')?.samples).toEqual([]);
  });

  it('keeps the number of series bounded, whatever the reasons are', async () => {
    const reasons = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`reason-${index}`, 1] as const),
    );
    const opportunities = { ...SAMPLE_STATUS.opportunities, refused: reasons };
    const families = readExposition(
      await open({
        ...sampleSource(),
        status: () => ({ ...SAMPLE_STATUS, opportunities }),
      }).text(),
    );
    const samples = families.get('underround_decisions_total')?.samples ?? [];
    expect(samples.length).toBeLessThanOrEqual(65);
    const total = samples.reduce((sum, sample) => sum + sample.value, 0);
    expect(total).toBe(SAMPLE_STATUS.opportunities.fired + 500);
  });

  it('gives everybody who asks within the cache time the same text', async () => {
    const metrics = open(sampleSource(), 60_000);
    const [first, second] = await Promise.all([metrics.text(), metrics.text()]);
    expect(second).toBe(first);
    expect(await metrics.text()).toBe(first);
  });

  it('lets the main thread go on between its pieces', async () => {
    const source = sampleSource();
    for (const histogram of Object.values(source.histograms)) {
      for (let value = 1; value <= 20_000; value++) histogram.record(value * 5_000);
    }
    const metrics = open(source);
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      if (isOver) return;
      turns++;
      setImmediate(count);
    };
    setImmediate(count);
    await metrics.text();
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(Object.keys(source.histograms).length);
  });
});

describe('the exposition reader', () => {
  it.each([
    ['no end of line', '# HELP a b\n# TYPE a gauge\na 1'],
    ['a type without help', '# TYPE a gauge\na 1\n'],
    ['a sample of another family', '# HELP a b\n# TYPE a gauge\nc 1\n'],
    ['a label without quotes', '# HELP a b\n# TYPE a gauge\na{x=1} 1\n'],
    ['a series twice', '# HELP a b\n# TYPE a gauge\na 1\na 2\n'],
    ['a counter without _total', '# HELP a b\n# TYPE a counter\na 1\n'],
    [
      'buckets that fall',
      '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
    ],
  ])('refuses %s', (_, text) => {
    expect(() => readExposition(text)).toThrow();
  });
});
