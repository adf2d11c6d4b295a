// Numbers as a person reads them: grouped, with a unit, three digits that matter.
import { formatDecimal } from '../domain/decimal.js';
import { MICROS_PER_CENT, MICROS_PLACES } from '../domain/units.js';

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12345 is "12,345". */
export function countText(count: number): string {
  return GROUPED.format(count);
}

/** Rounded to the cent: "$1,234.50", "-$0.02". */
export function dollarsText(micros: number): string {
  const cents = Math.round(Math.abs(micros) / MICROS_PER_CENT);
  const sign = micros < 0 && cents > 0 ? '-' : '';
  return `${sign}$${countText(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`;
}

/** To the micro-dollar: "$1,234.345678". */
export function exactDollarsText(micros: number): string {
  const [whole, fraction] = formatDecimal(Math.abs(micros), MICROS_PLACES, 2).split('.');
  return `${micros < 0 ? '-' : ''}$${countText(Number(whole))}.${fraction}`;
}

const LATENCY_UNITS = [
  { unit: 'ns', ns: 1 },
  { unit: 'µs', ns: 1e3 },
  { unit: 'ms', ns: 1e6 },
  { unit: 's', ns: 1e9 },
] as const;

/** Three significant digits in the unit that suits: "812 ns", "12.3 µs", "4.56 ms". */
export function latencyText(ns: number): string {
  // 999.5 would round to "1000": it belongs to the next unit.
  const fitting = LATENCY_UNITS.find((each) => ns / each.ns < 999.5);
  const { unit, ns: unitNs } = fitting ?? { unit: 's', ns: 1e9 };
  const value = ns / unitNs;
  let places = 0;
  if (unit !== 'ns' && value < 99.95) places = value < 9.995 ? 2 : 1;
  return `${value.toFixed(places)} ${unit}`;
}

/** "00:01:23"; the hours go on counting. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${part(Math.floor(seconds / 3600))}:${part(Math.floor(seconds / 60) % 60)}:${part(seconds % 60)}`;
}

/** 0.99512 is "99.5 %"; never rounds up to 100. */
export function percentText(ratio: number): string {
  return `${(Math.floor(ratio * 1000) / 10).toFixed(1)} %`;
}

/** Contracts from 1/1,000,000: "12.5". */
export function contractsText(sizeE6: number): string {
  return formatDecimal(sizeE6, 6);
}
