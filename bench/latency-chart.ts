// Latencies by percentile as an SVG, both axes logarithmic: the way HdrHistogram draws them, because tails are what differs. Readable on
// light and on dark pages. It must not know what was measured.
import { quantile } from './quantiles.js';

export interface ChartLine {
  readonly name: string;
  /** Nanoseconds, in any order. */
  readonly samples: readonly number[];
}

const WIDTH = 760;
const HEIGHT = 400;
const LEFT = 66;
const RIGHT = 20;
const TOP = 46;
const BOTTOM = 52;
const POINTS = 160;
const NS_PER_US = 1_000;
const SHARES = [0, 0.5, 0.9, 0.99, 0.999, 0.9999] as const;
/** Distinct without colour vision too; each line is dashed in its own way besides. */
const COLOURS = ['#0072b2', '#d55e00', '#7f7f7f'];
const DASHES = ['', '7 4', '2 4'];

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 14px; font-weight: 600; }
.grid { stroke: #d0d7de; stroke-width: 1; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .grid { stroke: #3d444d; } }`;

/** The lines end where they have fewer than one sample to show. */
export function latencyChart(title: string, lines: readonly ChartLine[]): string {
  const drawn = lines.map(({ name, samples }) => ({
    name,
    sorted: Float64Array.from(samples, (sample) => Math.max(1, sample / NS_PER_US)).sort(),
  }));
  const most = Math.max(...drawn.map(({ sorted }) => sorted.length), 10);
  const lowest = Math.min(...drawn.map(({ sorted }) => sorted[0] ?? 1));
  const highest = Math.max(...drawn.map(({ sorted }) => sorted.at(-1) ?? 10));
  const scale = new Scale(Math.log10(most), stepsFrom(lowest, highest));
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="${LEFT}" y="18">${title}</text>`,
    ...grid(scale, most),
    ...drawn.flatMap(({ name, sorted }, index) => [
      legend(name, index, drawn.length),
      path(scale, sorted, index),
    ]),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** Microseconds of 1, 2 and 5 that enclose all values. */
function stepsFrom(lowest: number, highest: number): readonly number[] {
  const steps: number[] = [];
  for (let decade = 1; decade <= 1e9; decade *= 10) {
    for (const step of [1, 2, 5]) steps.push(step * decade);
  }
  const from = Math.max(
    0,
    steps.findLastIndex((step) => step <= lowest),
  );
  const to = steps.findIndex((step) => step >= highest);
  return steps.slice(from, to === -1 ? undefined : to + 1);
}

class Scale {
  readonly steps: readonly number[];
  readonly #decades: number;

  constructor(decades: number, steps: readonly number[]) {
    this.#decades = decades;
    this.steps = steps;
  }

  /** A share of 0.9 is one decade from the left, 0.99 two. */
  x(share: number): number {
    const decade = -Math.log10(Math.max(1e-9, 1 - share));
    return LEFT + (Math.min(decade, this.#decades) / this.#decades) * (WIDTH - LEFT - RIGHT);
  }

  y(us: number): number {
    const low = Math.log10(this.steps[0]!);
    const high = Math.log10(this.steps.at(-1)!);
    const share = (Math.log10(us) - low) / Math.max(1e-9, high - low);
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  }

  /** The share at a part of the way from left to right. */
  shareAt(part: number): number {
    return 1 - 10 ** -(part * this.#decades);
  }
}

function grid(scale: Scale, most: number): string[] {
  const bottom = HEIGHT - BOTTOM;
  const shares = SHARES.filter((share) => 1 / (1 - share) <= most);
  return [
    ...scale.steps.flatMap((us) => {
      const y = scale.y(us).toFixed(1);
      const text = us >= 1_000 ? `${us / 1_000} ms` : `${us} µs`;
      return [
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`,
        `<text x="${LEFT - 8}" y="${y}" dy="4" text-anchor="end">${text}</text>`,
      ];
    }),
    ...shares.flatMap((share) => {
      const x = scale.x(share).toFixed(1);
      const name = share === 0 ? 'best' : `p${Number((share * 100).toFixed(2))}`;
      return [
        `<line class="grid" x1="${x}" x2="${x}" y1="${TOP}" y2="${bottom}"/>`,
        `<text x="${x}" y="${bottom + 18}" text-anchor="middle">${name}</text>`,
      ];
    }),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">percentile of openings</text>`,
    `<text x="${LEFT - 8}" y="${TOP - 10}" text-anchor="end">latency</text>`,
  ];
}

function legend(name: string, index: number, count: number): string {
  const x = LEFT + (index * (WIDTH - LEFT - RIGHT)) / count;
  return (
    `<line class="line" x1="${x.toFixed(1)}" x2="${(x + 24).toFixed(1)}" y1="32" y2="32" ${stroke(index)}/>` +
    `<text x="${(x + 30).toFixed(1)}" y="36">${name}</text>`
  );
}

function path(scale: Scale, sorted: Float64Array, index: number): string {
  const points: string[] = [];
  for (let point = 0; point <= POINTS; point++) {
    const share = scale.shareAt(point / POINTS);
    if (sorted.length * (1 - share) < 0.999) break;
    const us = quantile(sorted, share);
    points.push(`${scale.x(share).toFixed(1)},${scale.y(us).toFixed(1)}`);
  }
  return `<polyline class="line" ${stroke(index)} points="${points.join(' ')}"/>`;
}

function stroke(index: number): string {
  const dash = DASHES[index % DASHES.length]!;
  const dashes = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
  return `stroke="${COLOURS[index % COLOURS.length]}"${dashes}`;
}
