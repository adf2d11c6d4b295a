// What a decision was made from, as it was put down with it. Read with a schema: the journal may be of another version, or damaged.
import { z } from 'zod';
import { parseRatio, type Ratio, ratio } from '../../domain/exact.js';
import type { PolymarketFeeSchedule } from '../../domain/polymarket-fee.js';
import { PAYOUT_E4 } from '../../domain/units.js';

const whole = z.int().min(0);
const priceE4 = z.int().min(0).max(PAYOUT_E4);
const asks = z
  .array(
    z.tuple([
      z
        .int()
        .min(1)
        .max(PAYOUT_E4 - 1),
      z.int().min(1),
    ]),
  )
  .readonly();
const outcome = z.enum(['yes', 'no']);

const schema = z.object({
  kalshiAsks: asks,
  polymarketAsks: asks,
  kalshiAskE4: priceE4,
  polymarketAskE4: priceE4,
  kalshiCostMicros: whole,
  polymarketCostMicros: whole,
  feeMicros: whole,
  kalshiFeeRate: z.string().transform(rateOf),
  polymarketFeeRate: z.string().transform(scheduleOf),
  kalshiLimitE4: priceE4,
  polymarketLimitE4: priceE4,
  limits: z.object({ maxSizeCenti: whole, maxCostMicros: whole, minNetMicros: whole }),
  outcomes: z.object({ kalshi: outcome, polymarket: outcome }),
  reservedMicros: z.tuple([whole, whole]).readonly(),
  gate: z.string().optional(),
});

export type DecisionInputs = z.infer<typeof schema>;

/** The inputs, or what is wrong with the first field that cannot be read. */
export function readInputs(inputs: unknown): DecisionInputs | string {
  const result = schema.safeParse(inputs);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  return `field=${issue.path.join('.') || 'inputs'} problem=${JSON.stringify(issue.message)}`;
}

/** "7/100", or "0.07". */
function rateOf(text: string, context: z.RefinementCtx): Ratio {
  const [, numerator, denominator] = /^(\d{1,9})\/([1-9]\d{0,8})$/.exec(text) ?? [];
  if (numerator !== undefined) return ratio(Number(numerator), Number(denominator));
  const decimal = parseRatio(text);
  if (decimal !== undefined) return decimal;
  context.addIssue(`not a fee rate: given=${JSON.stringify(text)}`);
  return z.NEVER;
}

/** "3/100^1": rate and exponent (domain/polymarket-fee.ts). */
function scheduleOf(text: string, context: z.RefinementCtx): PolymarketFeeSchedule {
  const [rateText = '', exponentText = '1'] = text.split('^');
  const rate = rateOf(rateText, context);
  if (exponentText === '1' || exponentText === '2') {
    return { rate, exponent: exponentText === '1' ? 1 : 2 };
  }
  context.addIssue(`not a fee exponent: given=${JSON.stringify(text)}`);
  return z.NEVER;
}
