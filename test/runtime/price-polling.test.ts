import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ladder } from '../../src/domain/ladder.js';
import { type MarketBooks, PricePolling } from '../../src/runtime/price-polling.js';
import { REASON_POLLED, REASON_TRUSTED } from '../../src/venues/feed.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function open(read: () => Promise<readonly MarketBooks[]>) {
  const said: string[] = [];
  const polling = new PricePolling(
    read,
    {
      publish: (market) => said.push(`book ${market}`),
      setMarketTrust: (market, reason) => said.push(`market ${market} ${reason}`),
      setConnectionTrust: (reason) => said.push(`connection ${reason}`),
      setFreshUntil: () => undefined,
      termsChanged: () => undefined,
      ring: () => undefined,
    },
    () => undefined,
    { nowNs: () => 1, wallMs: () => 1 },
  );
  return { said, polling };
}

const BOOKS: MarketBooks[] = [{ market: 3, yesAsks: new Ladder(), noAsks: new Ladder() }];

describe('prices by REST', () => {
  it('come while the socket is down, marked as polled, and never as trusted', async () => {
    const { said, polling } = open(async () => BOOKS);
    polling.down();
    polling.down();
    await vi.advanceTimersByTimeAsync(900);
    expect(said).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_200);
    expect(said).toEqual([
      `connection ${REASON_POLLED}`,
      'book 3',
      `connection ${REASON_POLLED}`,
      'book 3',
    ]);
    expect(said).not.toContain(`connection ${REASON_TRUSTED}`);
    polling.up();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(said).toHaveLength(4);
  });

  it('that arrive when the socket is back, or down anew, are thrown away', async () => {
    const answers: ((books: MarketBooks[]) => void)[] = [];
    const { said, polling } = open(() => new Promise((resolve) => answers.push(resolve)));
    polling.down();
    await vi.advanceTimersByTimeAsync(1_000);
    polling.up();
    answers[0]!(BOOKS);
    await vi.advanceTimersByTimeAsync(10);
    expect(said).toEqual([]);
    polling.down();
    await vi.advanceTimersByTimeAsync(1_000);
    polling.up();
    polling.down();
    answers[1]!(BOOKS);
    await vi.advanceTimersByTimeAsync(10);
    expect(said).toEqual([]);
  });

  it('are tried again when the exchange cannot be read', async () => {
    let calls = 0;
    const { said, polling } = open(async () => {
      calls++;
      if (calls < 3) throw new Error('no');
      return BOOKS;
    });
    polling.down();
    await vi.advanceTimersByTimeAsync(5_100);
    expect(calls).toBe(3);
    expect(said).toHaveLength(2);
    polling.up();
  });
});
