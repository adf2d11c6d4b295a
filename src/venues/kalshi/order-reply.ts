// What a reply to an order says of it (kalshi-api.md 3.2, 3.4): taken, refused, or unknown.
// Anything that is not clearly one of the first two is the third.
import { parseDecimal } from '../../domain/decimal.js';
import { CENTI_PER_CONTRACT, E6_PER_CENTI, SIZE_CENTI_PLACES } from '../../domain/units.js';
import type { RequestOutcome } from '../../net/order-connections.js';
import { isObject, type JsonObject, parseObject } from '../json.js';
import type { LegReply } from '../orders.js';
import { legReaction, refusalOf } from './error-reactions.js';

/**
 * `legacy` is the exchange of January 2026 (kalshi-api.md 2.7, 3.1): whole cents and contracts, V1
 * order paths.
 */
export type KalshiDialect = 'current' | 'legacy';

const QUOTED_CHARS = 200;

export function readReply(outcome: RequestOutcome, dialect: KalshiDialect): LegReply {
  if (outcome.kind === 'lost') return { kind: 'unknown', orderId: undefined, why: outcome.why };
  const { status, body } = outcome;
  const reply = parseObject(body);
  if (status === 201 && reply !== undefined) {
    return dialect === 'current' ? readCreated(reply) : readLegacyCreated(reply);
  }
  const refusal = refusalOf(status, reply);
  if (refusal !== undefined) {
    const { code, reaction } = refusal;
    return { kind: 'rejected', status, code, reaction: legReaction(reaction) };
  }
  const why = `status=${status} body=${body.slice(0, QUOTED_CHARS)}`;
  return { kind: 'unknown', orderId: undefined, why };
}

/** The 201 of a create, which is also the good item of a batch. */
export function readCreated(reply: JsonObject): LegReply {
  const { order_id: orderId, fill_count: fillCount } = reply;
  const filledCenti =
    typeof fillCount === 'string' ? parseDecimal(fillCount, SIZE_CENTI_PLACES) : Number.NaN;
  return acknowledgement(orderId, filledCenti);
}

function readLegacyCreated(reply: JsonObject): LegReply {
  const { order_id: orderId, fill_count: fillCount } = isObject(reply.order) ? reply.order : {};
  const isCount =
    typeof fillCount === 'number' && Number.isSafeInteger(fillCount) && fillCount >= 0;
  return acknowledgement(orderId, isCount ? fillCount * CENTI_PER_CONTRACT : Number.NaN);
}

function acknowledgement(orderId: unknown, filledCenti: number): LegReply {
  const filledE6 = filledCenti * E6_PER_CENTI;
  if (typeof orderId !== 'string' || orderId === '' || !Number.isSafeInteger(filledE6)) {
    return { kind: 'unknown', orderId: undefined, why: 'a 201 without order_id or fill_count' };
  }
  return {
    kind: 'acknowledged',
    orderId,
    filledE6,
    // average_fill_price is rounded: what was paid is in the fills.
    costMicros: undefined,
  };
}
