// A strict reader of Prometheus's text format, version 0.0.4: what is not in its grammar, or contradicts itself, is an error.

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|Nan)$/i;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
};

/** Throws with the line that is wrong. */
export function readExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family & { samples: Sample[] }>();
  let help: [string, string] | undefined;
  let current: (Family & { samples: Sample[] }) | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('# HELP ')) {
      const [, name = '', words = ''] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
      if (!NAME.test(name) || words === '') throw new Error(`bad HELP: ${line}`);
      help = [name, words];
    } else if (line.startsWith('# TYPE ')) {
      const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (help?.[0] !== name) throw new Error(`TYPE without its HELP: ${line}`);
      if (SUFFIXES[type] === undefined) throw new Error(`bad TYPE: ${line}`);
      if (families.has(name)) throw new Error(`told twice: ${line}`);
      current = { name, type, help: help[1], samples: [] };
      families.set(name, current);
    } else if (line.startsWith('#')) throw new Error(`bad comment: ${line}`);
    else current = withSample(current, readSample(line), line);
  }
  for (const family of families.values()) check(family);
  return families;
}

function withSample<F extends Family & { samples: Sample[] }>(
  family: F | undefined,
  sample: Sample,
  line: string,
): F {
  const fits = SUFFIXES[family?.type ?? '']?.some((end) => sample.name === family?.name + end);
  if (family === undefined || fits !== true) throw new Error(`a sample of no family: ${line}`);
  family.samples.push(sample);
  return family;
}

function readSample(line: string): Sample {
  const [, name = '', labelText = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === '' || !NUMBER.test(value)) throw new Error(`bad sample: ${line}`);
  const labels: Record<string, string> = {};
  for (let rest = labelText; rest !== ''; ) {
    const [whole = '', label = '', text = ''] = LABEL.exec(rest) ?? [];
    if (whole === '' || label in labels) throw new Error(`bad labels: ${line}`);
    labels[label] = text;
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: Number(value.replace('+Inf', 'Infinity')) };
}

function check({ name, type, samples }: Family): void {
  const keys = samples.map((sample) => sample.name + JSON.stringify(sample.labels));
  if (new Set(keys).size !== keys.length) throw new Error(`a series is there twice: ${name}`);
  if (type === 'counter') {
    if (!name.endsWith('_total')) throw new Error(`a counter is named _total: ${name}`);
    if (samples.some(({ value }) => !(value >= 0))) throw new Error(`below 0: ${name}`);
  }
  if (type === 'histogram') checkHistogram(name, samples);
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, own] of series) {
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`);
    const count = own.find((sample) => sample.name === `${name}_count`)?.value;
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('+Inf', 'Infinity')));
    const rises = (values: readonly number[], strictly: boolean) =>
      values.every(
        (value, index) =>
          index === 0 ||
          value > (values[index - 1] ?? 0) ||
          (!strictly && value === values[index - 1]),
      );
    const isWhole =
      rises(bounds, true) &&
      rises(
        buckets.map(({ value }) => value),
        false,
      ) &&
      bounds.at(-1) === Number.POSITIVE_INFINITY &&
      buckets.at(-1)?.value === count &&
      own.some((sample) => sample.name === `${name}_sum`);
    if (!isWhole) throw new Error(`not a histogram: ${name} ${key}`);
  }
}
