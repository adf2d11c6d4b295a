// The alerts that wait for one target. It is bounded by topics: of each it keeps the last state and how many came before, so that a
// target that was away for an hour hears how things stand, not all that happened. Time comes in as an argument.
import type { AlertLevel } from '../event-table.js';
import { type Alert, type CountedAlert, LEVEL_RANK } from './alert.js';

export interface OutboxLimits {
  /** Topics that wait at the most; then the oldest of the lowest level is dropped. */
  readonly maxTopics: number;
  /** The same alert again within this waits until its end. */
  readonly repeatMs: number;
  readonly minLevel: AlertLevel;
}

interface Waiting {
  alert: Alert;
  count: number;
  firstAtMs: number;
  /** Highest level since the last that was sent: how urgent it is, and how dear when something must go. */
  rank: number;
  dueMs: number;
}

interface Sent {
  readonly same: string;
  readonly atMs: number;
  readonly resolves: boolean;
}

/** Topics of which is known what was sent last; an older one is told again sooner than it had to be. */
const MAX_SENT = 1_000;

export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #waiting = new Map<string, Waiting>();
  readonly #underWay = new Map<string, Waiting>();
  readonly #sent = new Map<string, Sent>();
  /** Alerts that nobody will hear of. */
  dropped = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.size + this.#underWay.size;
  }

  add(alert: Alert, nowMs: number): void {
    if (!this.#isWanted(alert)) return;
    const { topic } = alert;
    const rank = LEVEL_RANK[alert.level];
    const waiting = this.#waiting.get(topic);
    if (waiting !== undefined) {
      if (waiting.alert.same !== alert.same) waiting.dueMs = nowMs;
      waiting.alert = alert;
      waiting.count++;
      waiting.rank = Math.max(waiting.rank, rank);
      return;
    }
    if (this.#waiting.size >= this.#limits.maxTopics && !this.#makeRoom(rank)) return;
    const dueMs = this.#isRepeated(alert) ? this.#repeatEndMs(topic) : nowMs;
    this.#waiting.set(topic, { alert, count: 1, firstAtMs: alert.atMs, rank, dueMs });
  }

  /** Takes up to `most` that are due, most urgent first; they are under way until delivered() or failed(). */
  take(nowMs: number, most: number): CountedAlert[] {
    const due = [...this.#waiting.entries()]
      .filter(([, { dueMs }]) => dueMs <= nowMs)
      .sort(([, a], [, b]) => b.rank - a.rank || a.firstAtMs - b.firstAtMs)
      .slice(0, most);
    return due.map(([topic, waiting]) => {
      this.#waiting.delete(topic);
      this.#underWay.set(topic, waiting);
      const { alert, count, firstAtMs } = waiting;
      return { ...alert, count, firstAtMs };
    });
  }

  delivered(nowMs: number): void {
    for (const [topic, { alert }] of this.#underWay) {
      this.#sent.delete(topic);
      this.#sent.set(topic, { same: alert.same, atMs: nowMs, resolves: alert.resolves });
      // What came meanwhile and is the same again has been told just now.
      const again = this.#waiting.get(topic);
      if (again?.alert.same === alert.same) again.dueMs = nowMs + this.#limits.repeatMs;
    }
    this.#underWay.clear();
    for (const topic of this.#sent.keys()) {
      if (this.#sent.size <= MAX_SENT) break;
      this.#sent.delete(topic);
    }
  }

  /** They wait again; where something newer of the topic came meanwhile, that stands for both. */
  failed(): void {
    for (const [topic, before] of this.#underWay) {
      const newer = this.#waiting.get(topic);
      if (newer === undefined) {
        this.#waiting.set(topic, before);
        continue;
      }
      newer.count += before.count;
      newer.firstAtMs = before.firstAtMs;
      newer.rank = Math.max(newer.rank, before.rank);
      newer.dueMs = Math.min(newer.dueMs, before.dueMs);
    }
    this.#underWay.clear();
    this.#trim();
  }

  /** What was under way is given up. */
  refused(): void {
    this.dropped += this.#underWay.size;
    for (const topic of this.#underWay.keys()) {
      const newer = this.#waiting.get(topic);
      if (newer?.dueMs === Number.POSITIVE_INFINITY) newer.dueMs = 0;
    }
    this.#underWay.clear();
  }

  /** When the next one is due; undefined while nothing waits. */
  nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const { dueMs } of this.#waiting.values()) next = Math.min(next ?? dueMs, dueMs);
    return next;
  }

  #isWanted({ topic, level, resolves }: Alert): boolean {
    if (!resolves) {
      return LEVEL_RANK[level] >= LEVEL_RANK[this.#limits.minLevel] || this.#waiting.has(topic);
    }
    // That something is over matters to whoever has heard, or will hear, that it was there.
    const last = this.#sent.get(topic);
    return (
      this.#waiting.has(topic) ||
      this.#underWay.has(topic) ||
      (last !== undefined && !last.resolves)
    );
  }

  #isRepeated({ topic, same }: Alert): boolean {
    return this.#underWay.get(topic)?.alert.same === same || this.#sent.get(topic)?.same === same;
  }

  #repeatEndMs(topic: string): number {
    const sentMs = this.#sent.get(topic)?.atMs;
    // Under way for the first time: the window begins when it is there.
    return sentMs === undefined ? Number.POSITIVE_INFINITY : sentMs + this.#limits.repeatMs;
  }

  #makeRoom(rank: number): boolean {
    let lowest: [string, Waiting] | undefined;
    for (const entry of this.#waiting) {
      if (lowest === undefined || entry[1].rank < lowest[1].rank) lowest = entry;
    }
    this.dropped++;
    if (lowest === undefined || lowest[1].rank > rank) return false;
    this.#waiting.delete(lowest[0]);
    return true;
  }

  #trim(): void {
    while (this.#waiting.size > this.#limits.maxTopics) this.#makeRoom(LEVEL_RANK.error);
  }
}
