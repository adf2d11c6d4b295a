// The dashboard as Grafana 10 and newer imports it: docs/grafana/underround.json is this, in JSON. The data source is asked for at the import.

const SOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };
const WIDTH = 24;
const ROW_HEIGHT = 8;
/** Of a rate: a few scrapes, whatever their interval is. */
const WINDOW = '$__rate_interval';
/** Only the engine that was chosen. */
const OWN = 'job=~"$job", instance=~"$instance"';

interface Query {
  readonly expr: string;
  readonly legend?: string;
}

interface Panel {
  readonly title: string;
  readonly meaning: string;
  readonly type: 'timeseries' | 'stat' | 'heatmap';
  readonly width: number;
  readonly unit?: string;
  readonly queries: readonly Query[];
  /** Values from which it is orange and red. */
  readonly steps?: readonly [orange: number, red: number];
  /** Red below, where more is better. */
  readonly least?: number;
  readonly texts?: Readonly<Record<string, string>>;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const rate = (metric: string, by = ''): string =>
  `sum${by === '' ? '' : ` by (${by})`} (rate(${metric}{${OWN}}[${WINDOW}]))`;
const gauge = (metric: string, matchers = ''): string =>
  `${metric}{${OWN}${matchers === '' ? '' : `, ${matchers}`}}`;
const quantile = (share: number, metric: string, matchers = '', by = ''): string => {
  const labels = ['le', ...(by === '' ? [] : [by])].join(', ');
  const own = matchers === '' ? OWN : `${OWN}, ${matchers}`;
  return `histogram_quantile(${share}, sum by (${labels}) (rate(${metric}_bucket{${own}}[${WINDOW}])))`;
};
const quantiles = (metric: string, matchers = ''): Query[] =>
  [0.5, 0.95, 0.99].map((share) => ({
    expr: quantile(share, metric, matchers),
    legend: `p${share * 100}`,
  }));

const HEALTH: Row = {
  title: 'Health',
  panels: [
    {
      title: 'State',
      meaning: 'What the engine is doing.',
      type: 'stat',
      width: 4,
      queries: [{ expr: `${gauge('underround_engine_state')} == 1`, legend: '{{state}}' }],
    },
    {
      title: 'Kill switch',
      meaning: 'Whether anything may be opened, or sent.',
      type: 'stat',
      width: 4,
      queries: [{ expr: gauge('underround_kill_level') }],
      steps: [1, 2],
      texts: { 0: 'armed', 1: 'stop opening', 2: 'stop everything' },
    },
    {
      title: 'Uptime',
      meaning: 'Since the start of the engine.',
      type: 'stat',
      width: 4,
      unit: 's',
      queries: [{ expr: gauge('underround_uptime_seconds') }],
    },
    {
      title: 'Trusted books',
      meaning: 'Share of markets whose book is provably current, the worse exchange.',
      type: 'stat',
      width: 4,
      unit: 'percentunit',
      queries: [
        {
          expr: `min(${gauge('underround_feed_markets_trusted')} / ${gauge('underround_feed_markets')})`,
        },
      ],
      least: 0.9,
    },
    {
      title: 'Naked contracts',
      meaning: 'Held without their other leg.',
      type: 'stat',
      width: 4,
      queries: [{ expr: gauge('underround_naked_contracts') }],
      steps: [1, 100],
    },
    {
      title: 'Version',
      meaning: 'What runs.',
      type: 'stat',
      width: 4,
      queries: [
        { expr: gauge('underround_build_info'), legend: '{{version}} {{profile}} node {{node}}' },
      ],
    },
    {
      title: 'Pairs held, by reason',
      meaning: 'Watched, and not fired on now.',
      type: 'timeseries',
      width: 12,
      queries: [{ expr: gauge('underround_pairs_held'), legend: '{{reason}}' }],
    },
    {
      title: 'Breakers and 429s',
      meaning: 'Exchanges that are left alone, and calls that were told to wait.',
      type: 'timeseries',
      width: 12,
      queries: [
        { expr: gauge('underround_breaker_open'), legend: 'breaker {{venue}}' },
        { expr: rate('underround_rate_limited_total', 'venue'), legend: '429/s {{venue}}' },
        {
          expr: rate('underround_breaker_openings_total', 'venue'),
          legend: 'openings/s {{venue}}',
        },
      ],
    },
  ],
};

const STAGE = 'stage=~"$stage"';
const LATENCY: Row = {
  title: 'Latency',
  panels: [
    {
      title: 'Received to written',
      meaning:
        'From the frame that opens an underround to the second order: how its times are spread.',
      type: 'heatmap',
      width: 12,
      unit: 's',
      queries: [
        {
          expr: `sum by (le) (increase(underround_stage_seconds_bucket{${OWN}, stage="received_to_written"}[${WINDOW}]))`,
          legend: '{{le}}',
        },
      ],
    },
    {
      title: 'Received to written, percentiles',
      meaning: 'The whole way through the engine.',
      type: 'timeseries',
      width: 12,
      unit: 's',
      queries: quantiles('underround_stage_seconds', 'stage="received_to_written"'),
    },
    {
      title: '$stage',
      meaning: 'The stage that was chosen above.',
      type: 'timeseries',
      width: 12,
      unit: 's',
      queries: quantiles('underround_stage_seconds', STAGE),
    },
    {
      title: 'p99 of every stage',
      meaning: 'Which stage is slow.',
      type: 'timeseries',
      width: 12,
      unit: 's',
      queries: [
        { expr: quantile(0.99, 'underround_stage_seconds', '', 'stage'), legend: '{{stage}}' },
      ],
    },
    {
      title: 'Mean of every stage',
      meaning: 'Sum over count.',
      type: 'timeseries',
      width: 24,
      unit: 's',
      queries: [
        {
          expr: `${rate('underround_stage_seconds_sum', 'stage')} / ${rate('underround_stage_seconds_count', 'stage')}`,
          legend: '{{stage}}',
        },
      ],
    },
  ],
};

const OPPORTUNITIES: Row = {
  title: 'Opportunities',
  panels: [
    {
      title: 'Underrounds and fires',
      meaning: 'Seen, and fired on.',
      type: 'timeseries',
      width: 12,
      unit: 'ops',
      queries: [
        { expr: rate('underround_opportunities_total'), legend: 'seen' },
        { expr: rate('underround_arbitrages_fired_total'), legend: 'fired' },
      ],
    },
    {
      title: 'Decisions by reason',
      meaning: 'Why underrounds were not fired on.',
      type: 'timeseries',
      width: 12,
      unit: 'ops',
      queries: [{ expr: rate('underround_decisions_total', 'reason'), legend: '{{reason}}' }],
    },
    {
      title: 'Arbitrages by outcome',
      meaning: 'What the two orders became.',
      type: 'timeseries',
      width: 12,
      unit: 'ops',
      queries: [{ expr: rate('underround_arbitrages_total', 'outcome'), legend: '{{outcome}}' }],
    },
    {
      title: 'Under way and unknown',
      meaning: 'Arbitrages without an end.',
      type: 'timeseries',
      width: 12,
      queries: [
        { expr: gauge('underround_arbitrages_in_flight'), legend: 'in flight' },
        { expr: gauge('underround_arbitrages_unknown'), legend: 'unknown' },
      ],
    },
  ],
};

const ORDERS: Row = {
  title: 'Orders',
  panels: [
    {
      title: 'Orders and fills',
      meaning: 'Written, and booked.',
      type: 'timeseries',
      width: 12,
      unit: 'ops',
      queries: [
        { expr: rate('underround_orders_total', 'venue'), legend: 'orders {{venue}}' },
        { expr: rate('underround_fills_total', 'venue'), legend: 'fills {{venue}}' },
      ],
    },
    {
      title: 'Orders that even out',
      meaning: 'A leg was alone.',
      type: 'timeseries',
      width: 6,
      unit: 'ops',
      queries: [{ expr: rate('underround_exit_orders_total', 'venue'), legend: '{{venue}}' }],
    },
    {
      title: 'Written to answered',
      meaning: 'How quickly the exchanges answer.',
      type: 'timeseries',
      width: 6,
      unit: 's',
      queries: quantiles('underround_stage_seconds', 'stage="written_to_answered"'),
    },
  ],
};

const MONEY: Row = {
  title: 'Money',
  panels: [
    {
      title: 'Locked in',
      meaning: 'What all positions pay at the worst outcome, less cost and fees.',
      type: 'timeseries',
      width: 12,
      unit: 'currencyUSD',
      queries: [{ expr: gauge('underround_pnl_dollars'), legend: 'P&L' }],
    },
    {
      title: 'Spent',
      meaning: 'Cost of positions, and fees.',
      type: 'timeseries',
      width: 6,
      unit: 'currencyUSD',
      queries: [
        { expr: gauge('underround_cost_dollars'), legend: 'cost' },
        { expr: gauge('underround_fees_dollars'), legend: 'fees {{venue}}' },
      ],
    },
    {
      title: 'Naked',
      meaning: 'Cost of contracts without their other leg, the limit, and pairs that are uneven.',
      type: 'timeseries',
      width: 6,
      queries: [
        { expr: gauge('underround_naked_dollars'), legend: 'dollars' },
        { expr: gauge('underround_naked_limit_dollars'), legend: 'limit' },
        { expr: gauge('underround_pairs_exposed'), legend: 'pairs' },
      ],
    },
  ],
};

const FEEDS: Row = {
  title: 'Feeds',
  panels: [
    {
      title: 'Frames',
      meaning: 'Received, and quotes that no detector had time to read.',
      type: 'timeseries',
      width: 12,
      unit: 'ops',
      queries: [
        { expr: rate('underround_feed_frames_total', 'venue'), legend: '{{venue}}' },
        { expr: rate('underround_feed_conflated_total', 'venue'), legend: 'conflated {{venue}}' },
      ],
    },
    {
      title: 'Trust',
      meaning: 'Markets whose book is current, of all.',
      type: 'timeseries',
      width: 12,
      queries: [
        { expr: gauge('underround_feed_markets_trusted'), legend: 'trusted {{venue}}' },
        { expr: gauge('underround_feed_markets'), legend: 'all {{venue}}' },
      ],
    },
    {
      title: 'Connections',
      meaning: 'Up, less wanted: 0 is good.',
      type: 'timeseries',
      width: 8,
      queries: [
        {
          expr: `${gauge('underround_feed_connections')} - ${gauge('underround_feed_connections_wanted')}`,
          legend: '{{venue}}',
        },
      ],
    },
    {
      title: 'What went wrong',
      meaning: 'Gaps, garbage, silences, frames that came late, books and connections made anew.',
      type: 'timeseries',
      width: 8,
      unit: 'ops',
      queries: [
        'gaps',
        'garbage',
        'silences',
        'lates',
        'resyncs',
        'reconnects',
        'polls',
        'fallbacks',
      ].map((what) => ({
        expr: rate(`underround_feed_${what}_total`, 'venue'),
        legend: `${what} {{venue}}`,
      })),
    },
    {
      title: 'Back in trust after',
      meaning: 'How long markets were not trusted.',
      type: 'timeseries',
      width: 4,
      unit: 's',
      queries: [
        {
          expr: quantile(0.99, 'underround_feed_untrusted_seconds', '', 'venue'),
          legend: 'p99 {{venue}}',
        },
      ],
    },
    {
      title: 'Clocks',
      meaning: "The exchange's clock less ours.",
      type: 'timeseries',
      width: 4,
      unit: 's',
      queries: [{ expr: gauge('underround_clock_skew_seconds'), legend: '{{venue}}' }],
    },
  ],
};

const PROCESS: Row = {
  title: 'Process',
  panels: [
    {
      title: 'Memory',
      meaning: 'Of the process, and the heap of its main thread.',
      type: 'timeseries',
      width: 6,
      unit: 'bytes',
      queries: [
        { expr: gauge('process_resident_memory_bytes'), legend: 'resident' },
        { expr: gauge('underround_main_heap_bytes'), legend: 'main heap' },
      ],
    },
    {
      title: 'Processor',
      meaning: 'Cores in use.',
      type: 'timeseries',
      width: 6,
      queries: [{ expr: rate('process_cpu_seconds_total'), legend: 'cores' }],
    },
    {
      title: "The main thread's delay",
      meaning: 'It keeps house, and is not on the path of a price.',
      type: 'timeseries',
      width: 6,
      unit: 's',
      queries: quantiles('underround_main_loop_delay_seconds'),
    },
    {
      title: 'Open files',
      meaning: 'And sockets.',
      type: 'timeseries',
      width: 6,
      queries: [{ expr: gauge('process_open_fds'), legend: 'open' }],
    },
    {
      title: 'Sinks',
      meaning: 'Rows of the journal that a sink does not have yet.',
      type: 'timeseries',
      width: 8,
      queries: [
        { expr: gauge('underround_sink_lag_rows'), legend: 'lag {{sink}}' },
        { expr: gauge('underround_sink_up'), legend: 'up {{sink}}' },
      ],
    },
    {
      title: 'Alerts',
      meaning: 'Sent, failed, given up, waiting.',
      type: 'timeseries',
      width: 8,
      queries: [
        { expr: rate('underround_alerts_sent_total', 'target'), legend: 'sent/s {{target}}' },
        { expr: rate('underround_alert_failures_total', 'target'), legend: 'failed/s {{target}}' },
        { expr: rate('underround_alerts_dropped_total', 'target'), legend: 'dropped/s {{target}}' },
        { expr: gauge('underround_alerts_waiting'), legend: 'waiting {{target}}' },
        { expr: gauge('underround_alert_target_up'), legend: 'up {{target}}' },
      ],
    },
    {
      title: 'Log and scrapes',
      meaning: 'Lines that were dropped, and how long the figures took to read.',
      type: 'timeseries',
      width: 8,
      queries: [
        { expr: rate('underround_log_lines_dropped_total'), legend: 'dropped lines/s' },
        { expr: gauge('underround_scrape_seconds'), legend: 'scrape seconds' },
      ],
    },
  ],
};

const ROWS: readonly Row[] = [HEALTH, LATENCY, OPPORTUNITIES, ORDERS, MONEY, FEEDS, PROCESS];

export function grafanaDashboard(): object {
  const panels: object[] = [];
  let y = 0;
  for (const row of ROWS) {
    const at = { h: 1, w: WIDTH, x: 0, y };
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: at,
      panels: [],
    });
    y++;
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      if (x + panel.width > WIDTH) {
        x = 0;
        y += height;
        height = 0;
      }
      const h = panel.type === 'stat' ? ROW_HEIGHT / 2 : ROW_HEIGHT;
      panels.push(panelJson(panel, panels.length + 1, { h, w: panel.width, x, y }));
      x += panel.width;
      height = Math.max(height, h);
    }
    y += height;
  }
  return {
    uid: 'underround',
    title: 'underround',
    description: 'Is it well, how quick is it, why did it trade or not, what did it earn.',
    tags: ['underround'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [],
    templating: { list: variables() },
    panels,
  };
}

function variables(): object[] {
  const query = (name: string, text: string, many: boolean) => ({
    name,
    type: 'query',
    label: name,
    datasource: SOURCE,
    definition: text,
    query: { query: text, refId: name },
    refresh: 2,
    sort: 1,
    includeAll: many,
    multi: many,
    allValue: '.*',
    current: many ? { text: 'All', value: '$__all' } : {},
  });
  return [
    {
      name: 'datasource',
      type: 'datasource',
      label: 'data source',
      query: 'prometheus',
      current: {},
    },
    query('job', 'label_values(underround_build_info, job)', true),
    query('instance', 'label_values(underround_build_info{job=~"$job"}, instance)', true),
    query('stage', 'label_values(underround_stage_seconds_count{job=~"$job"}, stage)', false),
  ];
}

function panelJson(panel: Panel, id: number, gridPos: object): object {
  const { title, meaning, type, unit = 'short', queries } = panel;
  return {
    id,
    type,
    title,
    description: meaning,
    datasource: SOURCE,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        ...(type === 'timeseries' ? { custom: { fillOpacity: 8, showPoints: 'never' } } : {}),
        ...thresholds(panel),
        ...(panel.texts === undefined ? {} : { mappings: [mapping(panel.texts)] }),
      },
      overrides: [],
    },
    options: options(panel),
    targets: queries.map(({ expr, legend = '__auto' }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
      range: true,
      ...(type === 'heatmap' ? { format: 'heatmap' } : {}),
    })),
  };
}

function thresholds({ steps, least }: Panel): object {
  if (steps !== undefined) {
    const [orange, red] = steps;
    return {
      thresholds: {
        mode: 'absolute',
        steps: [
          { color: 'green', value: null },
          { color: 'orange', value: orange },
          { color: 'red', value: red },
        ],
      },
    };
  }
  if (least === undefined) return {};
  return {
    thresholds: {
      mode: 'absolute',
      steps: [
        { color: 'red', value: null },
        { color: 'green', value: least },
      ],
    },
  };
}

function mapping(texts: Readonly<Record<string, string>>): object {
  const named = Object.entries(texts).map(([value, text]) => [value, { text }]);
  return { type: 'value', options: Object.fromEntries(named) };
}

function options({ type, queries, texts }: Panel): object {
  const reduce = { calcs: ['lastNotNull'], fields: '', values: false };
  const isName = queries.some(({ legend }) => legend !== undefined);
  switch (type) {
    case 'stat':
      return {
        reduceOptions: reduce,
        colorMode: 'background',
        graphMode: 'none',
        // Where the label says it all, the number 1 says nothing.
        textMode: isName && texts === undefined ? 'name' : 'value',
      };
    case 'heatmap':
      return {
        calculate: false,
        yAxis: { unit: 's' },
        color: { scheme: 'Oranges', mode: 'scheme' },
      };
    case 'timeseries':
      return {
        legend: { displayMode: 'list', placement: 'bottom' },
        tooltip: { mode: 'multi', sort: 'desc' },
      };
    default:
      return type satisfies never;
  }
}
