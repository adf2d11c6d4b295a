// Reservations of several owners against a model of all the money there is: one after the other, and in the midst of each other.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSizedPair, type SizedPair } from '../../src/domain/sizing.js';
import { DECISION_NOT_RESERVED, DECISIONS } from '../../src/pipeline/decision-record.js';
import {
  createReservation,
  fillReservation,
  RESERVATION_REFUSALS,
  RESERVED,
  type Reservation,
  release,
  reserve,
} from '../../src/pipeline/reservation.js';
import { PurseTable } from '../../src/shm/purse-table.js';

const SHARDS = 2;
const PAIRS = 3;
const PURSES = SHARDS + 2 + PAIRS;
const OWNERS = 3;

/** The engine's purses, with a place where a test lets other owners act: before and after each take. */
class CrowdedPurses extends PurseTable {
  between: () => void = () => undefined;

  constructor(cents: readonly number[]) {
    super(new SharedArrayBuffer(PurseTable.bytes(SHARDS, PAIRS)), SHARDS);
    for (const [purse, amount] of cents.entries()) this.set(purse, amount);
  }

  override take(purse: number, cents: number): boolean {
    this.between();
    const taken = super.take(purse, cents);
    this.between();
    return taken;
  }

  override give(purse: number, cents: number): void {
    this.between();
    super.give(purse, cents);
  }

  all(): number[] {
    return Array.from({ length: PURSES }, (_, purse) => this.available(purse));
  }
}

/** What a reservation takes from each purse, worked out from the layout alone. */
function demandOf({ pair, shard, kalshiCents, polymarketCents, positionCents }: Reservation) {
  const demand = new Array<number>(PURSES).fill(0);
  demand[shard] = kalshiCents;
  demand[SHARDS] = polymarketCents;
  demand[SHARDS + 1] = positionCents;
  demand[SHARDS + 2 + pair] = positionCents;
  return demand;
}

/** The purses of a reservation in the order in which they are asked. */
function purseOrder({ pair, shard }: Reservation): number[] {
  return [shard, SHARDS, SHARDS + 1, SHARDS + 2 + pair];
}

const cents = fc.nat(120);
const reservation: fc.Arbitrary<Reservation> = fc.record({
  pair: fc.nat(PAIRS - 1),
  shard: fc.nat(SHARDS - 1),
  kalshiCents: cents,
  polymarketCents: cents,
  positionCents: cents,
});
const funds = fc.array(fc.nat(400), { minLength: PURSES, maxLength: PURSES });

interface Model {
  /** All the money that there is, by purse, less what was spent. */
  readonly total: number[];
  /** By owner, what is reserved and not released. */
  readonly held: Reservation[][];
}

type Command = fc.Command<Model, CrowdedPurses>;

function expectConserved({ total, held }: Model, purses: CrowdedPurses): void {
  const left = [...total];
  for (const one of held.flat()) {
    for (const [purse, amount] of demandOf(one).entries()) left[purse]! -= amount;
  }
  expect(purses.all()).toEqual(left);
}

class ReserveCommand implements Command {
  readonly #owner: number;
  readonly #reservation: Reservation;
  /** Reserved by other owners while this one reserves; each is released again by a later command, if at all. */
  readonly #intruders: readonly Intruder[];

  constructor(owner: number, wanted: Reservation, intruders: readonly Intruder[]) {
    this.#owner = owner;
    this.#reservation = wanted;
    this.#intruders = intruders;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, purses: CrowdedPurses): void {
    const wanted = this.#reservation;
    const before = purses.all();
    const demand = demandOf(wanted);
    const refused = purseOrder(wanted).findIndex((purse) => before[purse]! < demand[purse]!);
    const waiting = [...this.#intruders];
    purses.between = () => {
      if (purses.all().some((left) => left < 0)) expect.fail(`overspent: left=${purses.all()}`);
      const next = waiting.shift();
      if (next !== undefined) intrude(model, purses, next);
    };
    const result = reserve(purses, wanted);
    purses.between = () => undefined;
    if (result === RESERVED) model.held[this.#owner]!.push(wanted);
    if (this.#intruders.length === 0) expect(result).toBe(refused + 1);
    expectConserved(model, purses);
  }

  toString(): string {
    return `owner ${this.#owner} reserves ${JSON.stringify(this.#reservation)} among ${JSON.stringify(this.#intruders)}`;
  }
}

type Intruder = { readonly owner: number; readonly reservation: Reservation | undefined };

/** Reserves, or releases the oldest that the owner holds; others may come between its takes as well. */
function intrude(model: Model, purses: CrowdedPurses, { owner, reservation: wanted }: Intruder) {
  const own = model.held[owner]!;
  if (wanted !== undefined) {
    if (reserve(purses, wanted) === RESERVED) own.push(wanted);
    return;
  }
  const oldest = own.shift();
  if (oldest !== undefined) release(purses, oldest);
}

class ReleaseCommand implements Command {
  readonly #owner: number;
  readonly #share: number;

  constructor(owner: number, share: number) {
    this.#owner = owner;
    this.#share = share;
  }

  check({ held }: Readonly<Model>): boolean {
    return held[this.#owner]!.length > 0;
  }

  run(model: Model, purses: CrowdedPurses): void {
    const released = model.held[this.#owner]!.shift()!;
    const spent = {
      kalshiCents: Math.floor(released.kalshiCents * this.#share),
      polymarketCents: Math.floor(released.polymarketCents * this.#share),
      positionCents: Math.floor(released.positionCents * this.#share),
    };
    for (const [purse, amount] of demandOf({ ...released, ...spent }).entries()) {
      model.total[purse]! -= amount;
    }
    release(purses, released, spent);
    expectConserved(model, purses);
  }

  toString(): string {
    return `owner ${this.#owner} releases, spent ${this.#share}`;
  }
}

/** The exchange shows more than was thought. */
class AdjustCommand implements Command {
  readonly #purse: number;
  readonly #cents: number;

  constructor(purse: number, more: number) {
    this.#purse = purse;
    this.#cents = more;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, purses: CrowdedPurses): void {
    model.total[this.#purse]! += this.#cents;
    purses.adjust(this.#purse, this.#cents);
    expectConserved(model, purses);
  }

  toString(): string {
    return `purse ${this.#purse} has ${this.#cents} more`;
  }
}

const owner = fc.nat(OWNERS - 1);
const alone = fc.constant<readonly Intruder[]>([]);
const intruder = fc.record({ owner, reservation: fc.option(reservation, { nil: undefined }) });
const crowd = fc.array(intruder, { minLength: 1, maxLength: 12 });
const reserveAmong = (intruders: fc.Arbitrary<readonly Intruder[]>) =>
  fc.tuple(owner, reservation, intruders).map((args): Command => new ReserveCommand(...args));

const commands = fc.commands<Model, CrowdedPurses>(
  [
    reserveAmong(alone),
    reserveAmong(crowd),
    fc
      .tuple(owner, fc.constantFrom(0, 0, 0.5, 1))
      .map((args): Command => new ReleaseCommand(...args)),
    fc.tuple(fc.nat(PURSES - 1), fc.nat(100)).map((args): Command => new AdjustCommand(...args)),
  ],
  { maxCommands: 60, size: 'max' },
);

describe('reservation', () => {
  test('of several owners in the midst of each other never overspends, and conserves every cent', () => {
    fc.assert(
      fc.property(funds, commands, (start, sequence) => {
        const setup = () => ({
          model: { total: [...start], held: Array.from({ length: OWNERS }, () => []) },
          real: new CrowdedPurses(start),
        });
        fc.modelRun(setup, sequence);
      }),
      { numRuns: 400 },
    );
  });

  test('released unspent leaves every purse exactly as it was', () => {
    fc.assert(
      fc.property(funds, fc.array(reservation), (start, wanted) => {
        const purses = new CrowdedPurses(start);
        const reserved = wanted.filter((one) => reserve(purses, one) === RESERVED);
        for (const one of reserved.reverse()) release(purses, one);
        expect(purses.all()).toEqual(start);
      }),
    );
  });

  test('that is refused by any one purse takes nothing, and says which', () => {
    fc.assert(
      fc.property(reservation, fc.nat(3), (base, short) => {
        // At least a cent of each, so that every purse can be a cent short.
        const wanted = {
          ...base,
          kalshiCents: base.kalshiCents + 1,
          polymarketCents: base.polymarketCents + 1,
          positionCents: base.positionCents + 1,
        };
        const enough = demandOf(wanted);
        const exact = new CrowdedPurses(enough);
        expect(reserve(exact, wanted)).toBe(RESERVED);
        expect(exact.all()).toEqual(new Array(PURSES).fill(0));
        const start = [...enough];
        start[purseOrder(wanted)[short]!]! -= 1;
        const purses = new CrowdedPurses(start);
        expect(reserve(purses, wanted)).toBe(short + 1);
        expect(purses.all()).toEqual(start);
      }),
    );
  });

  test('asks the purses in one order, whichever are short: the first of them is told', () => {
    fc.assert(
      fc.property(reservation, fc.subarray([0, 1, 2, 3], { minLength: 1 }), (base, short) => {
        const wanted = { ...base, kalshiCents: 5, polymarketCents: 6, positionCents: 7 };
        const start = demandOf(wanted);
        for (const at of short) start[purseOrder(wanted)[at]!]! -= 1;
        expect(reserve(new CrowdedPurses(start), wanted)).toBe(Math.min(...short) + 1);
      }),
    );
  });

  test('of a shard or a pair that does not exist is refused', () => {
    const start = new Array<number>(PURSES).fill(1_000);
    const some = { kalshiCents: 1, polymarketCents: 1, positionCents: 1 };
    const wrong = fc.oneof(
      fc.integer({ min: -PURSES, max: -1 }),
      fc.integer({ min: PAIRS, max: 2 * PURSES }),
      fc.constant(Number.NaN),
    );
    fc.assert(
      fc.property(wrong, (none) => {
        const purses = new CrowdedPurses(start);
        expect(RESERVATION_REFUSALS[reserve(purses, { ...some, pair: 0, shard: none }) - 1]).toBe(
          'no-funds-kalshi',
        );
        expect(RESERVATION_REFUSALS[reserve(purses, { ...some, pair: none, shard: 0 }) - 1]).toBe(
          'market-position',
        );
        expect(purses.all()).toEqual(start);
      }),
    );
  });

  test('that cost more than was set aside leaves the purse in debt, and nothing is reserved from it', () => {
    const wanted: Reservation = {
      pair: 1,
      shard: 1,
      kalshiCents: 50,
      polymarketCents: 40,
      positionCents: 30,
    };
    const purses = new CrowdedPurses(demandOf(wanted));
    expect(reserve(purses, wanted)).toBe(RESERVED);
    release(purses, wanted, { kalshiCents: 57, polymarketCents: 40, positionCents: 0 });
    expect(purses.all()).toEqual([0, -7, 0, 30, 0, 30, 0]);
    expect(reserve(purses, { ...wanted, kalshiCents: 0 })).not.toBe(RESERVED);
  });

  test('is refused in the words that decisions are told in', () => {
    const told = DECISIONS.slice(
      DECISION_NOT_RESERVED,
      DECISION_NOT_RESERVED + RESERVATION_REFUSALS.length,
    );
    expect(told).toEqual(RESERVATION_REFUSALS);
  });
});

describe('what is reserved', () => {
  const sized: fc.Arbitrary<SizedPair> = fc
    .record({
      sizeCenti: fc.integer({ min: 1, max: 10_000_000 }),
      kalshiE4: fc.integer({ min: 1, max: 9_999 }),
      polymarketE4: fc.integer({ min: 1, max: 9_999 }),
      feeMicros: fc.nat(10 ** 10),
    })
    .map(({ sizeCenti, kalshiE4, polymarketE4, feeMicros }) => ({
      ...createSizedPair(),
      sizeCenti,
      kalshiLimitE4: kalshiE4,
      polymarketLimitE4: polymarketE4,
      kalshiCostMicros: sizeCenti * kalshiE4,
      polymarketCostMicros: sizeCenti * polymarketE4,
      feeMicros,
    }));
  const ceilCents = (micros: bigint) => Number((micros + 9_999n) / 10_000n);

  test('is each leg, the fees and its exit, in cents rounded up', () => {
    fc.assert(
      fc.property(sized, fc.nat(10 ** 9), fc.nat(9), fc.nat(9), (pair, exitMicros, at, shard) => {
        const out = createReservation();
        fillReservation(out, at, shard, pair, exitMicros);
        const payout = BigInt(pair.sizeCenti) * 10_000n;
        const fee = BigInt(pair.feeMicros);
        const venueCents = (costMicros: number) => {
          const cost = BigInt(costMicros);
          const exit = payout - cost + BigInt(exitMicros);
          return ceilCents(cost + fee + exit);
        };
        const bought = BigInt(pair.kalshiCostMicros) + BigInt(pair.polymarketCostMicros);
        expect(out).toEqual({
          pair: at,
          shard,
          kalshiCents: venueCents(pair.kalshiCostMicros),
          polymarketCents: venueCents(pair.polymarketCostMicros),
          positionCents: ceilCents(bought + fee),
        });
      }),
    );
  });

  test('never falls short of a leg that fills at its limit and of its complement', () => {
    fc.assert(
      fc.property(sized, fc.integer({ min: 1, max: 9_999 }), (pair, filledE4) => {
        const out = createReservation();
        fillReservation(out, 0, 0, pair, 0);
        const micros = pair.sizeCenti * filledE4 + pair.sizeCenti * (10_000 - filledE4);
        expect(out.kalshiCents * 10_000).toBeGreaterThanOrEqual(micros + pair.feeMicros);
        expect(out.polymarketCents * 10_000).toBeGreaterThanOrEqual(micros + pair.feeMicros);
      }),
    );
  });
});
