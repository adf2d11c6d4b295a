// Figures as the page shows them, each with its unit. Money, prices and sizes stay integers up to their last digit.
import { countText } from '../../src/cli/number-text.js';
import { formatDecimal, parseSignedDecimal } from '../../src/domain/decimal.js';
import { MICROS_PLACES } from '../../src/domain/units.js';

export {
  clockText,
  countText,
  dollarsText,
  exactDollarsText,
  latencyText,
} from '../../src/cli/number-text.js';

/** What stands where there is no figure. */
export const NOTHING = '–';

const E4_PER_CENT = 100;
const MICROS_PER_HUNDREDTH_CENT = 100;
const MS_PER_SECOND = 1_000;
const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 86_400_000;

/** A price: 4200 is "42.0¢", 4235 is "42.35¢". */
export function centsText(priceE4: number): string {
  return `${formatDecimal(priceE4, 2, 1)}¢`;
}

/** What a contract nets, with its sign, to a hundredth of a cent: 12345 micros are "+1.23¢". */
export function edgeText(micros: number): string {
  const hundredths = divided(Math.abs(micros), MICROS_PER_HUNDREDTH_CENT);
  let sign = '';
  if (hundredths > 0) sign = micros < 0 ? '−' : '+';
  return `${sign}${formatDecimal(hundredths, 2, 2)}¢`;
}

/** Whole numbers only; a half goes up. */
function divided(value: number, by: number): number {
  const rest = value % by;
  return (value - rest) / by + (rest * 2 >= by ? 1 : 0);
}

/** Money with its sign, to the cent: "+$1.20", "−$0.02", "$0.00". */
export function signedDollarsText(micros: number): string {
  const cents = divided(Math.abs(micros), E4_PER_CENT * E4_PER_CENT);
  let sign = '';
  if (cents > 0) sign = micros < 0 ? '−' : '+';
  const rest = cents % 100;
  return `${sign}$${countText((cents - rest) / 100)}.${String(rest).padStart(2, '0')}`;
}

/** Contracts from 1/100: 123450 is "1,234.5". */
export function sizeText(sizeCenti: number): string {
  return groupedDecimal(sizeCenti, 2);
}

/** Contracts from 1/1,000,000; nobody reads more than two of the six places at a glance. */
export function contractsText(sizeE6: number): string {
  const centi = divided(Math.abs(sizeE6), 10_000);
  return `${sizeE6 < 0 && centi > 0 ? '−' : ''}${groupedDecimal(centi, 2)}`;
}

function groupedDecimal(value: number, places: number): string {
  const [whole, fraction] = formatDecimal(value, places).split('.');
  return fraction === undefined
    ? countText(Number(whole))
    : `${countText(Number(whole))}.${fraction}`;
}

/** "240 ms", "3.4 s", "12 min", "5 h". */
export function ageText(ms: number): string {
  const positive = Math.max(0, ms);
  if (positive < 999.5) return `${Math.round(positive)} ms`;
  if (positive < 9_950) return `${(positive / MS_PER_SECOND).toFixed(1)} s`;
  if (positive < 90 * MS_PER_SECOND) return `${Math.round(positive / MS_PER_SECOND)} s`;
  if (positive < 90 * MS_PER_MINUTE) return `${Math.round(positive / MS_PER_MINUTE)} min`;
  return `${Math.round(positive / MS_PER_HOUR)} h`;
}

/** Time to a settlement: "12.4 d", "5.0 h", "8 min"; "due" when it has passed. */
export function untilText(ms: number): string {
  if (ms <= 0) return 'due';
  if (ms < MS_PER_HOUR) return `${Math.max(1, Math.round(ms / MS_PER_MINUTE))} min`;
  if (ms < MS_PER_DAY) return `${(ms / MS_PER_HOUR).toFixed(1)} h`;
  return `${(ms / MS_PER_DAY).toFixed(1)} d`;
}

/** "1,234/s". */
export function rateText(perSecond: number): string {
  return `${countText(Math.max(0, Math.round(perSecond)))}/s`;
}

export function megabytesText(bytes: number): string {
  return `${countText(Math.round(bytes / 1_048_576))} MB`;
}

/** A clock's difference: "+3 ms", "−12 ms", "0 ms". */
export function skewText(ms: number): string {
  const rounded = Math.round(Math.abs(ms));
  if (rounded === 0) return '0 ms';
  return `${ms < 0 ? '−' : '+'}${countText(rounded)} ms`;
}

/** Part of a whole, never rounded up to all of it: "99.9 %". */
export function shareText(part: number, whole: number): string {
  if (whole <= 0) return NOTHING;
  return `${(Math.floor((part / whole) * 1_000) / 10).toFixed(1)} %`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** Local wall clock, "16:04:05". */
export function timeText(atMs: number): string {
  const at = new Date(atMs);
  return `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}:${twoDigits(at.getSeconds())}`;
}

/** Local wall clock with its day where that is not today's, "11-23 16:04:05". */
export function momentText(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  const day = `${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())} `;
  return `${isToday ? '' : day}${timeText(atMs)}`;
}

/** "settlement-near" and "maxNakedMicros" as words. */
export function wordsText(name: string): string {
  return name
    .replace(/(Micros|E4|Centi|Ms)$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[-_.]/g, ' ')
    .toLowerCase();
}

/** How a limit's integer is written and read by a person. */
interface UnitForm {
  readonly places: number;
  readonly prefix: string;
  readonly suffix: string;
}

const UNIT_FORMS: Readonly<Record<string, UnitForm>> = {
  micros: { places: MICROS_PLACES, prefix: '$', suffix: '' },
  e4: { places: 4, prefix: '$', suffix: '' },
  priceE4: { places: 4, prefix: '$', suffix: '' },
  centi: { places: 2, prefix: '', suffix: ' contracts' },
  sizeCenti: { places: 2, prefix: '', suffix: ' contracts' },
};

function unitForm(unit: string): UnitForm | undefined {
  return UNIT_FORMS[unit];
}

/** "$100.00", "31.5 contracts", "5,000 ms". */
export function limitText(value: number, unit: string): string {
  const form = unitForm(unit);
  if (form === undefined) return plainLimitText(value, unit);
  const [whole, fraction] = formatDecimal(
    Math.abs(Math.round(value)),
    form.places,
    form.prefix === '$' ? 2 : 0,
  ).split('.');
  const decimals = fraction === undefined ? '' : `.${fraction}`;
  return `${value < 0 ? '−' : ''}${form.prefix}${countText(Number(whole))}${decimals}${form.suffix}`;
}

function plainLimitText(value: number, unit: string): string {
  const text = Number.isInteger(value) ? countText(value) : String(value);
  return unit === 'dollars' ? `$${text}` : `${text} ${unit}`.trimEnd();
}

/** As a person edits it, without grouping and unit: "100.00". */
export function limitInputText(value: number, unit: string): string {
  const form = unitForm(unit);
  if (form === undefined || !Number.isSafeInteger(value)) return String(value);
  return formatDecimal(value, form.places, form.prefix === '$' ? 2 : 0);
}

/** What to write beside the field. */
export function limitInputUnit(unit: string): string {
  const form = unitForm(unit);
  if (form === undefined) return unit;
  return form.prefix === '$' ? 'dollars' : form.suffix.trim();
}

const PLAIN_DECIMAL = /^-?\d{1,15}(\.\d{1,6})?$/;

/** The engine's integer from what was typed; undefined where it is no figure, or has more places than the unit. */
export function parsedLimit(text: string, unit: string): number | undefined {
  const typed = text.trim().replaceAll(',', '').replace(/^\$/, '');
  const form = unitForm(unit);
  if (form === undefined) return PLAIN_DECIMAL.test(typed) ? Number(typed) : undefined;
  const value = parseSignedDecimal(typed, form.places);
  return Number.isNaN(value) ? undefined : value;
}

/** Of one hundred, for the width of a bar. */
export function percentOf(part: number, whole: number): number {
  if (!(whole > 0) || !(part > 0)) return 0;
  return Math.min(100, (part / whole) * 100);
}
