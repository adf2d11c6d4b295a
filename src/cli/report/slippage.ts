// What the legs were filled at, against the best ask when it was decided on and against the limit that they were sent with.
import { PAYOUT_E4 } from '../../domain/units.js';
import type { ArbStory } from './arb-story.js';
import { type ByVenueName, byVenueName } from './by-venue.js';
import type { OrderLinks } from './order-links.js';

export interface LegSlippage {
  /** Entry orders with a fill whose decision is known. */
  readonly legs: number;
  readonly contractsE6: number;
  /** Average price a contract in 1/10,000 dollar, to the hundredth; null without fills. */
  readonly averageE4: number | null;
  /** Above 0: paid more than the best ask seen, also by walking on to the next levels. */
  readonly againstAskE4: number | null;
  readonly againstAskMicros: number;
  /** Below 0: paid less than the limit allowed. */
  readonly againstLimitE4: number | null;
  readonly againstLimitMicros: number;
}

export type Slippage = ByVenueName<LegSlippage>;

/** Sums in 1/10,000 micro: a price times a millionth of a contract. BigInt: a million contracts at a dollar are past 2^53. */
interface Sums {
  legs: number;
  sizeE6: number;
  cost: bigint;
  atAsk: bigint;
  atLimit: bigint;
}

export function slippageOf(arbs: readonly ArbStory[], links: OrderLinks): Slippage {
  return byVenueName((venue): LegSlippage => {
    const sums: Sums = { legs: 0, sizeE6: 0, cost: 0n, atAsk: 0n, atLimit: 0n };
    for (const { decision, orders, fills } of arbs) {
      const askE4 = decision?.asksE4[venue];
      if (askE4 === undefined) continue;
      for (const order of orders) {
        if (order.role !== 'entry' || order.venue !== venue) continue;
        const own = fills.filter(
          (fill) => links.orderOf(fill)?.clientOrderId === order.clientOrderId,
        );
        if (own.length > 0) sums.legs++;
        for (const { sizeE6, costMicros } of own) {
          sums.sizeE6 += sizeE6;
          sums.cost += BigInt(costMicros) * BigInt(PAYOUT_E4);
          sums.atAsk += BigInt(askE4) * BigInt(sizeE6);
          sums.atLimit += BigInt(order.limitE4) * BigInt(sizeE6);
        }
      }
    }
    return legSlippage(sums);
  });
}

function legSlippage({ legs, sizeE6, cost, atAsk, atLimit }: Sums): LegSlippage {
  const priceE4 = (sum: bigint): number | null =>
    sizeE6 === 0 ? null : Number(roundedDiv(sum * 100n, BigInt(sizeE6))) / 100;
  const micros = (sum: bigint): number => Number(roundedDiv(sum, BigInt(PAYOUT_E4)));
  return {
    legs,
    contractsE6: sizeE6,
    averageE4: priceE4(cost),
    againstAskE4: priceE4(cost - atAsk),
    againstAskMicros: micros(cost - atAsk),
    againstLimitE4: priceE4(cost - atLimit),
    againstLimitMicros: micros(cost - atLimit),
  };
}

/** Half away from zero. */
function roundedDiv(numerator: bigint, denominator: bigint): bigint {
  const half = numerator < 0n ? -denominator : denominator;
  return (2n * numerator + half) / (2n * denominator);
}
