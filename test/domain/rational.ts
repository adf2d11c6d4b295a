// Exact fractions on BigInt: the slow and obvious arithmetic that the engine's own is compared with.

export interface Rational {
  readonly numerator: bigint;
  /** Above 0. */
  readonly denominator: bigint;
}

export function rational(numerator: bigint | number, denominator: bigint | number = 1): Rational {
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
}

/** The fraction that a decimal text stands for. */
export function fromDecimal(text: string): Rational {
  const [whole = '', fraction = ''] = text.split('.');
  return rational(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
}

export function times(...factors: readonly Rational[]): Rational {
  return factors.reduce((product, factor) => ({
    numerator: product.numerator * factor.numerator,
    denominator: product.denominator * factor.denominator,
  }));
}

export function minus(a: Rational, b: Rational): Rational {
  return {
    numerator: a.numerator * b.denominator - b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}

export function floor({ numerator, denominator }: Rational): bigint {
  const quotient = numerator / denominator;
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient;
}

export function ceil({ numerator, denominator }: Rational): bigint {
  return -floor({ numerator: -numerator, denominator });
}

export function roundHalfUp({ numerator, denominator }: Rational): bigint {
  return floor({ numerator: 2n * numerator + denominator, denominator: 2n * denominator });
}

const ONE = rational(1);

/** Kalshi's trade fee in whole micros: rate x C x P x (1 - P), up (kalshi-api.md 4.5, step 1). */
export function kalshiTradeFeeOracle(rate: Rational, priceE4: number, sizeCenti: number): bigint {
  const price = rational(priceE4, 10_000);
  const dollars = times(rate, rational(sizeCenti, 100), price, minus(ONE, price));
  return ceil(times(dollars, rational(1_000_000)));
}

/** Polymarket's fee in whole micros: C x rate x (p x (1 - p))^exponent to 5 decimals (polymarket-api.md 5). */
export function polymarketFeeOracle(
  rate: Rational,
  exponent: number,
  priceE4: number,
  sizeE6: number,
  round: (value: Rational) => bigint,
): bigint {
  const price = rational(priceE4, 10_000);
  const variance = times(price, minus(ONE, price));
  const power = exponent === 2 ? times(variance, variance) : variance;
  const dollars = times(rational(sizeE6, 1_000_000), rate, power);
  return round(times(dollars, rational(100_000))) * 10n;
}

/** Kalshi's fee of each fill of one order, in micros: steps 1 to 4 of kalshi-api.md 4.5 in fractions of a dollar. */
export function kalshiFillFeesOracle(
  rate: Rational,
  fills: readonly { readonly priceE4: number; readonly sizeCenti: number }[],
  stepMicros: number,
): bigint[] {
  const step = BigInt(stepMicros);
  let accumulator = 0n;
  return fills.map(({ priceE4, sizeCenti }) => {
    const tradeFee = kalshiTradeFeeOracle(rate, priceE4, sizeCenti);
    const change = -BigInt(priceE4) * BigInt(sizeCenti) - tradeFee;
    const rounding = change - floor({ numerator: change, denominator: step }) * step;
    accumulator += rounding;
    const fee = tradeFee + rounding;
    if (accumulator < step || fee < step) return fee;
    accumulator -= step;
    return fee - step;
  });
}
