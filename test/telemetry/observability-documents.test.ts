import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { grafanaDashboard } from '../../scripts/grafana-dashboard.js';
import { metricsPage } from '../../scripts/metrics-page.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { readExposition } from './exposition.js';
import { sampleSource } from './sample-metrics.js';

const read = (path: string): string => readFileSync(path, 'utf8');

interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

const dashboard = JSON.parse(read('docs/grafana/underround.json')) as {
  readonly panels: readonly DashboardPanel[];
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string }[];
  };
};
const rules = parse(read('docs/grafana/alerts.yaml')) as {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly for: string;
    }[];
  }[];
};
const dashboardQueries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);
const ruleQueries = rules.groups.flatMap((group) =>
  group.rules.map(({ alert, expr }) => [alert, expr] as const),
);
const FUNCTIONS = new Set([
  'sum',
  'by',
  'rate',
  'increase',
  'histogram_quantile',
  'min',
  'absent',
  'abs',
  'deriv',
  'and',
  'or',
]);
const TOKEN =
  /"(?:[^"\\]|\\.)*"|\$\w+|[a-zA-Z_:][a-zA-Z0-9_:]*|\d+(?:\.\d+)?(?:e\d+)?[smhd]?|=~|!=|==|<=|>=|[-+*/<>=(){}[\],]|\s+/y;

/** Metrics and labels of a query. Throws where it is not made of PromQL's tokens, or its brackets do not match. */
function readQuery(query: string): { metrics: string[]; labels: string[] } {
  const open: string[] = [];
  const metrics: string[] = [];
  const labels: string[] = [];
  const closing: Readonly<Record<string, string>> = { ')': '(', '}': '{', ']': '[' };
  let isGrouping = false;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < query.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(query)?.[0];
    if (token === undefined) throw new Error(`not PromQL at ${at}: ${query}`);
    if ('({['.includes(token)) open.push(token);
    else if (token in closing) {
      if (open.pop() !== closing[token]) throw new Error(`brackets at ${at}: ${query}`);
      if (token === ')') isGrouping = false;
    } else if (/^[a-z_]/.test(token)) {
      if (open.at(-1) === '{' || isGrouping) labels.push(token);
      else if (token === 'by') isGrouping = true;
      else if (!FUNCTIONS.has(token)) metrics.push(token);
    }
  }
  if (open.length > 0) throw new Error(`not closed: ${query}`);
  return { metrics, labels };
}

async function exposed(): Promise<Map<string, ReadonlySet<string>>> {
  const source = sampleSource();
  const metrics = createMetrics(source, 0);
  const families = readExposition(await metrics.text());
  metrics.close();
  const labelsOf = new Map<string, Set<string>>();
  for (const { samples } of families.values()) {
    for (const { name, labels } of samples) {
      const known = labelsOf.get(name) ?? new Set(['job', 'instance']);
      for (const label of Object.keys(labels)) known.add(label);
      labelsOf.set(name, known);
    }
  }
  return labelsOf;
}

describe('the dashboard', () => {
  it('is what `npm run dashboard` prints', () => {
    expect(dashboard).toEqual(JSON.parse(JSON.stringify(grafanaDashboard())));
  });

  it('asks for its data source, and has panels with ids of their own that do not overlap', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(38);
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(cells.every((cell) => Number(cell.split(',')[0]) < 24)).toBe(true);
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Health',
      'Latency',
      'Opportunities',
      'Orders',
      'Money',
      'Feeds',
      'Process',
    ]);
  });

  it('shows every metric that there is', async () => {
    const shown = new Set(dashboardQueries.flatMap(([, expr]) => readQuery(expr).metrics));
    const families = new Set([...shown].map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    const metrics = createMetrics(sampleSource(), 0);
    const all = (await metrics.describe()).map(({ name }) => name);
    metrics.close();
    const left = all.filter((name) => !families.has(name));
    expect(left).toEqual(['underround_pairs', 'process_start_time_seconds']);
  });
});

describe('queries', () => {
  it.each([...dashboardQueries, ...ruleQueries])(
    '%s: is whole, and asks for metrics and labels that there are',
    async (_, expr) => {
      const { metrics, labels } = readQuery(expr);
      const known = await exposed();
      expect(metrics.length).toBeGreaterThan(0);
      for (const metric of metrics) expect([metric, known.has(metric)]).toEqual([metric, true]);
      const own = new Set(metrics.flatMap((metric) => [...(known.get(metric) ?? [])]));
      for (const label of labels) expect([label, own.has(label)]).toEqual([label, true]);
    },
  );

  it.each(['sum(rate(x[5m])', 'x{a="b"', 'x{a="b}', 'x)', 'x[5m)'])('refuses %s', (query) => {
    expect(() => readQuery(query)).toThrow();
  });
});

describe('rules', () => {
  it('have names of their own and a time', () => {
    const names = ruleQueries.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const rule of rules.groups.flatMap((group) => group.rules)) {
      expect(rule.for).toMatch(/^\d+[smh]$/);
    }
  });
});

describe('docs/METRICS.md', () => {
  it('is what `npm run metrics-page` prints', async () => {
    expect(read('docs/METRICS.md')).toBe(await metricsPage());
  });
});
