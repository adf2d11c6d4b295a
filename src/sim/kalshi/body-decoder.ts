// Decodes request bodies as strictly as the exchange's own decoder (kalshi-api.md 3.4): a number
// where a string belongs is refused, and so is a string where a number belongs. It must not know
// what a body is for.
import { parseDecimal } from '../../domain/decimal.js';
import { E6_PER_CENTI, PRICE_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import { decodeRefusal, type Refusal, refusal } from './reply.js';

export type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields of a body by their type, and the name that the decoder calls the body by. Fields of no
 * list are ignored.
 */
export interface BodyShape {
  readonly struct: string;
  readonly strings?: readonly string[];
  readonly bools?: readonly string[];
  readonly ints?: readonly string[];
  /** Strings that must be there and not empty. */
  readonly required?: readonly string[];
}

/**
 * 500,000 contracts: beyond it the fee's integer arithmetic is no longer exact
 * (src/domain/kalshi-fee.ts).
 */
const MAX_COUNT_CENTI = 50_000_000;

const COUNT_TEXT = /^\d{1,9}(\.\d{1,2})?$/;
const PRICE_TEXT = /^\d{0,3}\.\d{2,4}$/;

export function parseJsonObject(text: string): Fields | Refusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return decodeRefusal(text === '' ? 'EOF' : 'invalid character in JSON body');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return decodeRefusal(`json: cannot unmarshal ${goType(value)} into Go value of type object`);
  }
  return value as Fields;
}

export function isRefusal(value: object): value is Refusal {
  return 'status' in value && 'error' in value;
}

/**
 * The body's fields with a reader for each type, or the refusal of the first one that is wrong.
 * null is as good as missing.
 */
export function decode(fields: Fields, shape: BodyShape): Body | Refusal {
  for (const [names, type] of [
    [shape.strings ?? [], 'string'],
    [shape.bools ?? [], 'bool'],
    [shape.ints ?? [], 'int'],
  ] as const) {
    for (const field of names) {
      const value = fields[field];
      if (value === undefined || value === null || goType(value) === goWord(type, value)) continue;
      return decodeRefusal(
        `json: cannot unmarshal ${goType(value)} into Go struct field ${shape.struct}.${field} of type ${type}`,
      );
    }
  }
  for (const field of shape.required ?? []) {
    const value = fields[field];
    if (value === undefined || value === null || value === '') return invalid(`${field} required`);
  }
  return new Body(fields);
}

/** Fields whose types have been checked. */
export class Body {
  readonly #fields: Fields;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  /** Empty when it is missing. */
  text(field: string): string {
    return (this.#fields[field] as string | null | undefined) ?? '';
  }

  optionalText(field: string): string | undefined {
    const text = this.text(field);
    return text === '' ? undefined : text;
  }

  isTrue(field: string): boolean {
    return this.#fields[field] === true;
  }

  int(field: string): number | undefined {
    return (this.#fields[field] as number | null | undefined) ?? undefined;
  }

  /** A count of contracts in 1/1,000,000, of at least `leastCenti` hundredths. */
  countE6(field: string, leastCenti = 1, mostCenti = MAX_COUNT_CENTI): number | Refusal {
    const text = this.text(field);
    if (!COUNT_TEXT.test(text)) return invalid(`${field} must be a decimal of 0 to 2 places`);
    const centi = parseDecimal(text, SIZE_CENTI_PLACES);
    if (centi < leastCenti || centi > mostCenti) {
      return refusal(400, KALSHI_ERROR.INVALID_ORDER_SIZE, `${field} ${text}`);
    }
    return centi * E6_PER_CENTI;
  }

  /** Whether a price is on its market's grid is another question. */
  priceE4(field: string): number | Refusal {
    const text = this.text(field);
    if (!PRICE_TEXT.test(text)) return invalid(`${field} must be dollars of 2 to 4 places`);
    return parseDecimal(text, PRICE_PLACES);
  }
}

export function invalid(details: string): Refusal {
  return refusal(400, KALSHI_ERROR.INVALID_PARAMETERS, details);
}

/** What goType says of a value that fits the field's type. */
function goWord(type: 'string' | 'bool' | 'int', value: unknown): string {
  if (type !== 'int') return type;
  return Number.isSafeInteger(value) ? 'number' : 'int';
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
}
