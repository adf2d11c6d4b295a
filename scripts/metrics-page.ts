// The page of all metrics and events, made from what the program exposes: docs/METRICS.md is this text.
import { NO_STATUS } from '../src/runtime/status.js';
import { createResyncHistograms, createStageHistograms } from '../src/runtime/telemetry.js';
import { EVENTS } from '../src/telemetry/event-table.js';
import { createMetrics } from '../src/telemetry/metrics.js';

const INTRODUCTION = `# Metrics, events and alerts

\`/metrics\` of the engine's server is in the text format of Prometheus. [grafana/underround.json](grafana/underround.json) is a dashboard to
import, [grafana/alerts.yaml](grafana/alerts.yaml) has rules for Prometheus. Everything is read from the engine's own figures when somebody
asks: the threads on the path of a price notice nothing of it.

Times are in seconds, money in dollars. Histograms are made from HDR histograms of 3 figures: a bucket's bound is exact to 1/1024 of
itself, the counts are exact beside that. Values of the labels \`reason\` beyond 64 are counted as \`other\`. Metrics of sinks, alerts, the log file
and the naked exposure are there where there is such a thing.
`;

const EVENTS_TEXT = `
## Events

What the log tells, by the part whose level can be set by itself (\`log.levels\`), and whether it is an alert. Alerts of one topic follow each
other: a target that was away hears the last state of each. \`alerts.mute\` takes names of events.
`;

export async function metricsPage(): Promise<string> {
  return `${INTRODUCTION}\n${await metricsTable()}\n${EVENTS_TEXT}\n${eventsTable()}`;
}

async function metricsTable(): Promise<string> {
  const [kalshi, polymarket] = createResyncHistograms();
  const metrics = createMetrics({
    version: '',
    profile: '',
    status: () => NO_STATUS,
    histograms: createStageHistograms(),
    resync: { kalshi, polymarket },
    naked: () => ({ micros: 0, maxMicros: 0 }),
    sinks: () => [],
    alerts: () => [],
    droppedLogLines: () => 0,
  });
  const all = await metrics.describe();
  metrics.close();
  const rows = all.map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
  ]);
  return table(['metric', 'type', 'labels', 'meaning'], rows);
}

function eventsTable(): string {
  const rows = Object.entries(EVENTS).map(([event, { part, alert }]) => {
    if (alert === undefined) return [`\`${event}\``, part, '', ''];
    const topic = [alert.topic, ...alert.by.map((fact) => `a ${fact}`)].join(', ');
    return [`\`${event}\``, part, alert.resolves ? 'over' : alert.level, topic];
  });
  return table(['event', 'part', 'alert', 'topic'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
