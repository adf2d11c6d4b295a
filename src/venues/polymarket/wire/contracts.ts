// Polymarket's contracts on Polygon (polymarket-api.md 2): which address an order's signature is
// bound to.

export const POLYGON_CHAIN_ID = 137;

export const CONTRACTS = {
  collateral: '0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB',
  exchangeV2: '0xE111180000d2663C0091e4f400237545B87B996B',
  negRiskExchangeV2: '0xe2222d279d744050d28e00520010520000310F59',
  exchangeV3: '0xe3333700cA9d93003F00f0F71f8515005F6c00Aa',
  conditionalTokens: '0x4D97DCd97eC945f40cF65F87097ACe5EA0476045',
} as const;

/**
 * The exchange whose domain an order of this market is signed under; the wrong one is `invalid
 * signature` (4.1).
 */
export function exchangeAddress(negRisk: boolean): string {
  return negRisk ? CONTRACTS.negRiskExchangeV2 : CONTRACTS.exchangeV2;
}
