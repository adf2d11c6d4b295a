import { describe, expect, it } from 'vitest';
import { kalshiTakerRate } from '../../../src/domain/kalshi-fee.js';
import { POLYMARKET_TICKS_E4 } from '../../../src/domain/polymarket-amounts.js';
import { polymarketFeeSchedule } from '../../../src/domain/polymarket-fee.js';
import { isPriceGrid } from '../../../src/domain/price-grid.js';
import { INVERTED } from '../../../src/domain/venue.js';
import { createListings } from '../../../src/sim/market/listings.js';
import { Rng } from '../../../src/sim/market/rng.js';

describe('listings', () => {
  const listings = createListings({ seed: 7, markets: 1_000, openTimeMs: 1_780_000_000_000 });

  it('are the same for the same seed, market by market, however many there are', () => {
    const few = createListings({ seed: 7, markets: 5, openTimeMs: 1_780_000_000_000 });
    expect(few).toEqual(listings.slice(0, 5));
    const others = createListings({ seed: 8, markets: 5, openTimeMs: 1_780_000_000_000 });
    expect(others[0]!.polymarket.conditionId).not.toBe(few[0]!.polymarket.conditionId);
  });

  it('have ids of their own in the forms of the exchanges', () => {
    const ids = listings.flatMap(({ kalshi, polymarket }) => [
      kalshi.ticker,
      kalshi.marketId,
      polymarket.conditionId,
      polymarket.slug,
      ...polymarket.tokenIds,
    ]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { kalshi, polymarket } of listings) {
      expect(kalshi.ticker).toMatch(/^KX[A-Z0-9]+-26[A-Z]{3}\d\dN\d{4}-[A-Z0-9.]+$/);
      expect(kalshi.ticker.startsWith(`${kalshi.eventTicker}-`)).toBe(true);
      expect(kalshi.eventTicker.startsWith(`${kalshi.seriesTicker}-`)).toBe(true);
      expect(kalshi.marketId).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      expect(polymarket.conditionId).toMatch(/^0x[0-9a-f]{64}$/);
      for (const tokenId of polymarket.tokenIds) {
        expect(tokenId).toMatch(/^\d{77,78}$/);
        expect(BigInt(tokenId) < 2n ** 256n).toBe(true);
      }
    }
  });

  it('give a series one fee that few of its events override, and every market terms that can be traded', () => {
    const fees = new Map<string, number>();
    let overridden = 0;
    for (const { kalshi, polymarket } of listings) {
      const fee = `${kalshi.seriesTicker} ${kalshi.feeType} x${kalshi.feeMultiplier}`;
      fees.set(fee, (fees.get(fee) ?? 0) + 1);
      expect(kalshiTakerRate(kalshi.feeType, kalshi.feeMultiplier)).toBeDefined();
      expect(polymarketFeeSchedule(polymarket.feeRate, polymarket.feeExponent)).toBeDefined();
      expect(isPriceGrid(kalshi.priceGrid)).toBe(true);
      expect(POLYMARKET_TICKS_E4).toContain(polymarket.tickE4);
    }
    const series = new Set(listings.map(({ kalshi }) => kalshi.seriesTicker));
    for (const ticker of series) {
      const counts = [...fees].flatMap(([fee, count]) =>
        fee.startsWith(`${ticker} `) ? [count] : [],
      );
      overridden += counts.reduce((sum, count) => sum + count, 0) - Math.max(...counts);
    }
    expect(overridden).toBeGreaterThan(20);
    expect(overridden).toBeLessThan(100);
    const inverted = listings.filter(({ polarity }) => polarity === INVERTED).length;
    expect(inverted).toBeGreaterThan(100);
    expect(inverted).toBeLessThan(200);
  });
});

describe('random numbers', () => {
  it('are evenly spread, and a fork does not depend on what was drawn before', () => {
    const rng = new Rng(7, 'spread');
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw++) counts[rng.between(0, 9)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(rng.fork('a').uint32()).toBe(new Rng(7, 'spread').fork('a').uint32());
    expect(rng.fork('a').uint32()).not.toBe(rng.fork('b').uint32());
  });
});
