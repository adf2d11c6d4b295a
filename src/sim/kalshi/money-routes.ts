// Moving cash between shards (kalshi-api.md 3.8): transfers, and the target allocation that is
// brought back every ten seconds. Only the primary subaccount and event contracts exist here.
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import { decode, type Fields, invalid, isRefusal } from './body-decoder.js';
import type { ExchangeClock } from './exchange-clock.js';
import { pageLimit, pageOf } from './paging.js';
import type { Allocation, Purses } from './purses.js';
import { badQuery, json, notFound, type Refusal, type Reply, refusal, refused } from './reply.js';
import { dollars4Text, unixSeconds } from './text.js';

/** Centicents are 1/10,000 dollar. */
const MICROS_PER_CENTICENT = 100;
const MAX_TRANSFERS = 10_000;
const EVENT_CONTRACT = 'event_contract';

const TRANSFER = {
  struct: 'IntraExchangeInstanceTransferRequest',
  strings: ['source', 'destination'],
  ints: [
    'amount',
    'source_exchange_shard',
    'destination_exchange_shard',
    'source_subaccount',
    'destination_subaccount',
  ],
  required: ['source', 'destination'],
} as const;

interface Transfer {
  readonly id: string;
  readonly account: string;
  readonly from: number;
  readonly to: number;
  readonly micros: number;
  readonly createdMs: number;
}

export class MoneyRoutes {
  readonly #purses: Purses;
  readonly #clock: ExchangeClock;
  /** Shards that cash may go to. */
  readonly #shards: readonly number[];
  readonly #transfers: Transfer[] = [];
  #count = 0;

  constructor(purses: Purses, shards: readonly number[], clock: ExchangeClock) {
    this.#purses = purses;
    this.#shards = shards;
    this.#clock = clock;
  }

  transfer(account: string, fields: Fields): Reply {
    const body = decode(fields, TRANSFER);
    if (isRefusal(body)) return refused(body);
    if (body.text('source') !== EVENT_CONTRACT || body.text('destination') !== EVENT_CONTRACT) {
      return refused(invalid('only event_contract to event_contract'));
    }
    const amount = body.int('amount') ?? 0;
    const from = body.int('source_exchange_shard') ?? 0;
    const to = body.int('destination_exchange_shard') ?? 0;
    if (amount <= 0) return refused(invalid('amount must be positive'));
    if (from === to) return refused(invalid('shards must differ'));
    const subaccounts = ['source_subaccount', 'destination_subaccount'];
    const isPrimary = subaccounts.every((name) => (body.int(name) ?? 0) === 0);
    if (!isPrimary || !this.#shards.includes(from) || !this.#shards.includes(to)) {
      return refused(refusal(404, KALSHI_ERROR.USER_NOT_FOUND));
    }
    const micros = amount * MICROS_PER_CENTICENT;
    if (!this.#purses.transfer(account, from, to, micros)) {
      return refused(refusal(400, KALSHI_ERROR.INSUFFICIENT_BALANCE));
    }
    const id = `73a45fe0-0000-4000-8000-${(++this.#count).toString(16).padStart(12, '0')}`;
    this.#transfers.push({ id, account, from, to, micros, createdMs: this.#clock.now() });
    if (this.#transfers.length > MAX_TRANSFERS) this.#transfers.splice(0, MAX_TRANSFERS / 2);
    return json(200, { transfer_id: id });
  }

  transfers(account: string, query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 500);
    if (limit === undefined) return badQuery('GetIntraExchangeInstanceTransfers', 'limit');
    const own = this.#transfers.filter((each) => each.account === account).reverse();
    const page = pageOf(own, ({ id }) => id, query.get('cursor') ?? '', limit);
    return json(200, { transfers: page.items.map(transferBody), cursor: page.cursor });
  }

  oneTransfer(account: string, id: string): Reply {
    const found = this.#transfers.find((each) => each.id === id && each.account === account);
    return found === undefined ? notFound() : json(200, { transfer: transferBody(found) });
  }

  allocation(account: string): Reply {
    const allocation = this.#purses.allocation(account) ?? new Map<number, number>();
    return json(200, {
      allocations: [...allocation].map(([shard, percent]) => {
        return { exchange_index: shard, percent };
      }),
      resting_margin_reservation: 'sum',
    });
  }

  /** An empty list ends the rebalancing. */
  setAllocation(account: string, fields: Fields): Reply {
    const allocation = this.#readAllocation(fields);
    if (isRefusal(allocation)) return refused(allocation);
    this.#purses.setAllocation(account, allocation.size === 0 ? undefined : allocation);
    return json(200, {});
  }

  #readAllocation({ allocations }: Fields): Allocation | Refusal {
    if (!Array.isArray(allocations)) return invalid('allocations required');
    const percents = new Map<number, number>();
    for (const item of allocations as unknown[]) {
      if (typeof item !== 'object' || item === null) return invalid('allocations');
      const body = decode(item as Fields, {
        struct: 'Allocation',
        ints: ['exchange_index', 'percent'],
      });
      if (isRefusal(body)) return body;
      const shard = body.int('exchange_index') ?? 0;
      const percent = body.int('percent') ?? 0;
      if (percent < 0 || percents.has(shard)) return invalid('allocations');
      if (!this.#shards.includes(shard)) return refusal(404, KALSHI_ERROR.USER_NOT_FOUND);
      percents.set(shard, percent);
    }
    const sum = [...percents.values()].reduce((total, percent) => total + percent, 0);
    return percents.size === 0 || sum === 100 ? percents : invalid('percentages must total 100');
  }
}

function transferBody({ id, from, to, micros, createdMs }: Transfer) {
  return {
    transfer_id: id,
    source: EVENT_CONTRACT,
    destination: EVENT_CONTRACT,
    source_exchange_shard: from,
    destination_exchange_shard: to,
    amount: dollars4Text(micros),
    status: 'complete',
    created_ts: unixSeconds(createdMs),
  };
}
