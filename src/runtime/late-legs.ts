// Looks up what nobody has told us of our orders: legs whose fills are late, and those without a known outcome. Asking is all that it
// does; nothing is ever sent again.
import type { Clock } from '../domain/clock.js';
import { VENUE_NAMES, VENUES, type Venue } from '../domain/venue.js';
import { messageOf } from '../net/rest-client.js';
import type { ArbBook } from '../pipeline/arb-book.js';
import type { LegReport } from '../pipeline/executor.js';
import type { VenueFill } from '../venues/orders.js';
import type { EngineEvent } from './status.js';

/**
 * A leg is looked up when its fills have not come by then; the lists lag by about a second
 * (kalshi-api.md 3.5).
 */
const FILLS_LATE_MS = 500;
const UNKNOWN_SETTLES_MS = 3_000;
/** A leg that is still not settled by then is looked up in every SLOW_TURN-th turn only. */
const STUBBORN_MS = 60_000;
const SLOW_TURN = 30;
/**
 * Lists are read from so much before the oldest leg asked about: the exchange's clock is not ours.
 */
const LIST_MARGIN_S = 60;
/** More than this, and we do not know what we hold: nothing more is bought. */
const MAX_UNRESOLVED_LEGS = 1_000;
/** A minute of fast trading: more, and the chain does not settle. */
const MAX_UNCONFIRMED_LEGS = 10_000;

export interface LateLegsParts {
  readonly book: ArbBook;
  readonly clock: Clock;
  /** All our fills on an exchange since then; rejects when it cannot be read whole. */
  fills(venue: Venue, sinceS: number): Promise<readonly VenueFill[]>;
  filled(fill: VenueFill): void;
  /** Since when nothing is fired any more: legs that nobody reports were written before it. Infinity while firing. */
  stoppedNs(): number;
  /** How long an outcome may stay unknown before a person is told. */
  readonly unknownDeadlineMs: number;
  tooMany(facts: string): void;
  say(level: EngineEvent['level'], event: string, text: string, facts: EngineEvent['facts']): void;
}

export class LateLegs {
  readonly #parts: LateLegsParts;
  readonly #asking = new Set<Venue>();
  readonly #told = new Set<string>();
  #turns = 0;

  constructor(parts: LateLegsParts) {
    this.#parts = parts;
  }

  /** To be called about once a second. */
  look(): void {
    const { book, clock } = this.#parts;
    const unresolved = book.unresolved();
    const unconfirmed = book.unconfirmed();
    if (unresolved.length > MAX_UNRESOLVED_LEGS || unconfirmed.length > MAX_UNCONFIRMED_LEGS) {
      this.#parts.tooMany(`unresolved=${unresolved.length} unconfirmed=${unconfirmed.length}`);
    }
    const isSlowTurn = this.#turns++ % SLOW_TURN === 0;
    const nowNs = clock.nowNs();
    const late = unresolved.filter(({ answeredNs, dequeuedNs }) => {
      const ageMs = (nowNs - Math.max(answeredNs, dequeuedNs)) / 1e6;
      return ageMs > FILLS_LATE_MS && (isSlowTurn || ageMs < STUBBORN_MS);
    });
    this.#tellOverdue(unresolved, nowNs);
    if (isSlowTurn) {
      late.push(...unconfirmed.filter(({ answeredNs }) => nowNs - answeredNs > STUBBORN_MS * 1e6));
    }
    for (const venue of VENUES) {
      // One that makes us wait does not keep us from asking the other.
      if (this.#asking.has(venue)) continue;
      this.#asking.add(venue);
      void this.#askOne(venue, late).finally(() => this.#asking.delete(venue));
    }
  }

  /** Asks both now about all that is open. Never rejects: what is not answered stays unknown. */
  async lookNow(): Promise<void> {
    const late = this.#parts.book.unresolved();
    await Promise.all(VENUES.map((venue) => this.#askOne(venue, late)));
  }

  #tellOverdue(unresolved: readonly LegReport[], nowNs: number): void {
    const deadlineNs = this.#parts.unknownDeadlineMs * 1e6;
    for (const { reply, clientOrderId, dequeuedNs, venue } of unresolved) {
      if (reply.kind !== 'unknown' || nowNs - dequeuedNs < deadlineNs) continue;
      if (this.#told.has(clientOrderId)) continue;
      this.#told.add(clientOrderId);
      const name = VENUE_NAMES[venue];
      const text = `${name}: what became of ${clientOrderId} is not known in time; its pair stays held`;
      this.#parts.say('error', 'alert-unknown', text, { venue: name, clientOrderId });
    }
  }

  async #askOne(venue: Venue, late: readonly LegReport[]): Promise<void> {
    const own = late.filter((report) => report.venue === venue);
    // Once nothing is fired any more, legs that nobody reports may have filled all the same.
    if (own.length === 0 && this.#parts.stoppedNs() === Number.POSITIVE_INFINITY) return;
    try {
      await this.#ask(venue, own);
    } catch (error) {
      const why = messageOf(error);
      const name = VENUE_NAMES[venue];
      const text = `cannot read our fills: ${why}`;
      this.#parts.say('warn', 'look-up-failed', text, { venue: name, why });
    }
  }

  /**
   * The list is read from the oldest of the legs on, not from the start: it must not grow with the
   * length of a run.
   */
  async #ask(venue: Venue, late: readonly LegReport[]): Promise<void> {
    const { book, clock, fills, filled, stoppedNs } = this.#parts;
    const askedNs = clock.nowNs();
    // What nobody reported any more was written before the stop.
    const oldestNs = Math.min(stoppedNs(), ...late.map(({ dequeuedNs }) => dequeuedNs));
    const sinceS = Math.floor((clock.wallMs() - (askedNs - oldestNs) / 1e6) / 1000) - LIST_MARGIN_S;
    for (const fill of await fills(venue, Math.max(0, sinceS))) filled(fill);
    for (const report of late) {
      if (askedNs - report.answeredNs > UNKNOWN_SETTLES_MS * 1e6) book.resolve(report);
    }
  }
}
