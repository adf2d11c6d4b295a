// What happens to contracts that are held without their other leg: looked at again and again, evened out by the cheapest order that
// the loss allows, and given up with an alarm when that takes too long or costs too much. It goes by positions alone, so a missed leg,
// a partial fill, a trade that failed on chain and what a restart finds are one thing to it. Knows no threads and no exchange.
import type { Clock } from '../domain/clock.js';
import type { Exposure } from '../domain/ledger.js';
import type { NakedBudget } from '../domain/naked-budget.js';
import { type NeutralisationInput, type Plan, planNeutralisation } from '../domain/neutralise.js';
import { E6_PER_CENTI, E6_PER_CONTRACT } from '../domain/units.js';
import { KALSHI, type Venue } from '../domain/venue.js';
import type { ExitOrder } from './executor.js';

/** Orders for one exposure. Each goes by a book that has changed since the last: more than these, and something else is wrong. */
const MAX_ATTEMPTS = 12;
/** Rest after an order that bought nothing, doubled by each one more: what is refused now is refused a moment later too. */
const FIRST_REST_MS = 50;
const MAX_REST_MS = 3_200;

/** The books of a pair as far as they can be trusted now. */
export interface ExitBooks extends Pick<NeutralisationInput, 'kalshiAsks' | 'polymarketAsks'> {
  /** Counts publications: an order is not repeated on the book that it has met. */
  readonly kalshiUpdate: number;
  readonly polymarketUpdate: number;
}

export interface NeutraliserParts {
  exposure(pair: number): Exposure;
  /** What the naked contracts cost, fees included: all of it is lost if the wrong result comes. */
  nakedMicros(pair: number): number;
  /** The P&L of the pair, were its naked contracts worth what they cost; micros. */
  valueMicros(pair: number): number;
  /** An order of the pair is under way, or its outcome is unknown: what is held is not known. */
  isBusy(pair: number): boolean;
  books(pair: number, exposure: Exposure): ExitBooks;
  terms(pair: number): Pick<NeutralisationInput, 'terms' | 'kalshiStepCenti'> | undefined;
  /** Whether orders that even out may leave now. */
  mayExit(): boolean;
  send(order: ExitOrder): void;
  readonly events: NeutraliserEvents;
}

export interface NeutraliserEvents {
  exposed(pair: number, exposure: Exposure): void;
  /** An order leaves; `plan` says what else could have been done. */
  neutralising(pair: number, exposure: Exposure, plan: Plan, order: ExitOrder): void;
  /** Even again, but for `dustE6` contracts that no exchange takes an order for. */
  neutral(pair: number, afterMs: number, lossMicros: number, dustE6: number): void;
  /** Nothing more is tried: a person must look. The pair must not be fired again. */
  abandoned(pair: number, exposure: Exposure, why: string): void;
}

export interface NeutraliserLimits {
  readonly maxLossMicros: number;
}

interface Open {
  readonly sinceMs: number;
  readonly valueMicros: number;
  attempts: number;
  /** Orders in a row that bought nothing, and until when none is sent. */
  misses: number;
  restsUntilMs: number;
  /** By venue: the update of the book that an order has met. */
  readonly met: [number, number];
  isAbandoned: boolean;
  /** The last thing that was wrong, for the alarm. */
  obstacle: string;
}

export class Neutraliser {
  readonly #parts: NeutraliserParts;
  readonly #limits: NeutraliserLimits;
  readonly #budget: NakedBudget;
  readonly #clock: Clock;
  readonly #firstExitId: number;
  readonly #open = new Map<number, Open>();
  readonly #dustE6 = new Map<number, number>();
  #exits = 0;

  /** `firstExitId`: exits are numbered from it on, in place of arbitrages. */
  constructor(
    parts: NeutraliserParts,
    limits: NeutraliserLimits,
    budget: NakedBudget,
    clock: Clock,
    firstExitId: number,
  ) {
    this.#parts = parts;
    this.#limits = limits;
    this.#budget = budget;
    this.#clock = clock;
    this.#firstExitId = firstExitId;
  }

  /** Pairs with contracts that are not evened out, the abandoned ones too. */
  get exposedPairs(): readonly number[] {
    return [...this.#open.keys()];
  }

  isExposed(pair: number): boolean {
    return this.#open.has(pair);
  }

  isAbandoned(pair: number): boolean {
    return this.#open.get(pair)?.isAbandoned === true;
  }

  /** What is naked now and not given up, at what it cost. */
  nakedMicros(): number {
    let micros = 0;
    for (const [pair, { isAbandoned }] of this.#open) {
      if (!isAbandoned) micros += this.#parts.nakedMicros(pair);
    }
    return micros;
  }

  /** Looks at a pair whose position may have changed, and again at each pair of exposedPairs now and then. */
  check(pair: number): void {
    const exposure = this.#parts.exposure(pair);
    const nowMs = this.#clock.nowNs() / 1e6;
    // While an order is under way its fills may not all be here: the exposure is of the past.
    const isBusy = this.#parts.isBusy(pair);
    const open = this.#open.get(pair);
    if (exposure.sizeE6 < E6_PER_CENTI && open !== undefined) {
      if (!isBusy) this.#close(pair, open, nowMs, exposure.sizeE6);
      return;
    }
    if (open === undefined) {
      if (!isBusy && !this.#isDust(pair, exposure)) this.#begin(pair, exposure, nowMs);
      return;
    }
    this.#budget.note(pair, this.#parts.nakedMicros(pair), nowMs);
    if (open.isAbandoned || isBusy) return;
    this.#act(pair, open, exposure, nowMs);
  }

  /** Less than any exchange counts, or what was left of the last exposure. */
  #isDust(pair: number, { sizeE6 }: Exposure): boolean {
    return sizeE6 < E6_PER_CENTI || sizeE6 === this.#dustE6.get(pair);
  }

  /** The order of the pair is known to its end. One that never left was no attempt. */
  exitKnown(pair: number, wasWritten: boolean, filledE6: number): void {
    const open = this.#open.get(pair);
    if (open === undefined) return;
    if (!wasWritten) open.attempts--;
    open.misses = filledE6 > 0 ? 0 : open.misses + 1;
    if (open.misses === 0) return;
    const restMs = Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** (open.misses - 1));
    open.restsUntilMs = this.#clock.nowNs() / 1e6 + restMs;
  }

  #begin(pair: number, exposure: Exposure, nowMs: number): void {
    const open: Open = {
      sinceMs: nowMs,
      valueMicros: this.#parts.valueMicros(pair),
      attempts: 0,
      misses: 0,
      restsUntilMs: 0,
      met: [-1, -1],
      isAbandoned: false,
      obstacle: 'not looked at yet',
    };
    this.#open.set(pair, open);
    this.#budget.note(pair, this.#parts.nakedMicros(pair), nowMs);
    this.#parts.events.exposed(pair, exposure);
    this.#act(pair, open, exposure, nowMs);
  }

  #act(pair: number, open: Open, exposure: Exposure, nowMs: number): void {
    if (this.#budget.isSpent(pair, nowMs)) {
      this.#abandon(pair, open, exposure, `the naked budget is spent: ${open.obstacle}`);
      return;
    }
    const terms = this.#parts.terms(pair);
    if (nowMs < open.restsUntilMs) return;
    if (!this.#parts.mayExit()) open.obstacle = 'everything is stopped';
    else if (terms === undefined) open.obstacle = 'the terms of the pair are not known';
    else if (open.attempts >= MAX_ATTEMPTS) {
      this.#abandon(pair, open, exposure, `not even after ${MAX_ATTEMPTS} orders`);
    } else this.#try(pair, open, exposure, terms, nowMs);
  }

  #try(
    pair: number,
    open: Open,
    exposure: Exposure,
    terms: Pick<NeutralisationInput, 'terms' | 'kalshiStepCenti'>,
    nowMs: number,
  ): void {
    const books = this.#parts.books(pair, exposure);
    const lostMicros = Math.max(0, open.valueMicros - this.#parts.valueMicros(pair));
    const plan = planNeutralisation({
      ...terms,
      kalshiAsks: books.kalshiUpdate === open.met[0] ? undefined : books.kalshiAsks,
      polymarketAsks: books.polymarketUpdate === open.met[1] ? undefined : books.polymarketAsks,
      sizeCenti: Math.floor(exposure.sizeE6 / E6_PER_CENTI),
      basisMicrosPerContract: exposure.basisMicrosPerContract,
      heldVenue: exposure.heldVenue,
      maxLossMicros: Math.max(0, this.#limits.maxLossMicros - lostMicros),
    });
    if (plan.kind === 'wait') {
      open.obstacle = plan.why;
      const isDust = plan.why === 'too-small' && exposure.sizeE6 < E6_PER_CONTRACT;
      if (isDust) this.#close(pair, open, nowMs, exposure.sizeE6);
      return;
    }
    const { venue } = plan;
    open.attempts++;
    open.met[venue] = venue === KALSHI ? books.kalshiUpdate : books.polymarketUpdate;
    open.obstacle = 'an order did not fill';
    const order = this.#orderOf(pair, exposure, plan, venue);
    this.#parts.events.neutralising(pair, exposure, plan, order);
    this.#parts.send(order);
  }

  #orderOf(
    pair: number,
    exposure: Exposure,
    { sizeCenti, limitE4, spendMicros }: Extract<Plan, { kind: 'buy' }>,
    venue: Venue,
  ): ExitOrder {
    const outcome =
      venue === KALSHI ? exposure.missingKalshiOutcome : exposure.missingPolymarketOutcome;
    const exitId = this.#firstExitId + this.#exits++;
    return { exitId, pair, venue, outcome, sizeCenti, limitE4, spendMicros };
  }

  #close(pair: number, { sinceMs, valueMicros }: Open, nowMs: number, dustE6: number): void {
    const lossMicros = valueMicros - this.#parts.valueMicros(pair);
    this.#open.delete(pair);
    this.#dustE6.set(pair, dustE6);
    this.#budget.reset(pair);
    this.#parts.events.neutral(pair, nowMs - sinceMs, lossMicros, dustE6);
  }

  #abandon(pair: number, open: Open, exposure: Exposure, why: string): void {
    open.isAbandoned = true;
    this.#parts.events.abandoned(pair, exposure, why);
  }
}
