// Order groups (kalshi-api.md 3.7): when the contracts matched within 15 seconds exceed a group's
// limit, its orders are cancelled and new ones refused until it is reset. It must not know HTTP or
// books; who cancels is told.
import type { KalshiOrderGroupMessage } from '../../venues/kalshi/wire/ws-messages.js';

export interface OrderGroup {
  readonly id: string;
  readonly account: string;
  readonly exchangeIndex: number;
  readonly limitE6: number;
  readonly isTriggered: boolean;
}

export type GroupEvent = KalshiOrderGroupMessage['msg']['event_type'];

export interface OrderGroupsOptions {
  /** Any clock that only goes forward, in milliseconds. */
  now(): number;
  cancelOrders(groupId: string): void;
  onUpdate(group: OrderGroup, event: GroupEvent): void;
}

const WINDOW_MS = 15_000;
const MAX_GROUPS = 100_000;

interface State extends OrderGroup {
  limitE6: number;
  isTriggered: boolean;
  matched: { readonly atMs: number; readonly sizeE6: number }[];
}

export class OrderGroups {
  readonly #options: OrderGroupsOptions;
  readonly #groups = new Map<string, State>();
  #count = 0;

  constructor(options: OrderGroupsOptions) {
    this.#options = options;
  }

  /** undefined when the account has the most it may have. */
  create(account: string, exchangeIndex: number, limitE6: number): OrderGroup | undefined {
    if (this.of(account).length >= MAX_GROUPS) return undefined;
    const id = `09007000-0000-4000-8000-${(++this.#count).toString(16).padStart(12, '0')}`;
    const group: State = { id, account, exchangeIndex, limitE6, isTriggered: false, matched: [] };
    this.#groups.set(id, group);
    this.#options.onUpdate(group, 'created');
    return group;
  }

  of(account: string): OrderGroup[] {
    return [...this.#groups.values()].filter((group) => group.account === account);
  }

  /** undefined when there is none of this account's. */
  get(account: string, id: string): OrderGroup | undefined {
    const group = this.#groups.get(id);
    return group?.account === account ? group : undefined;
  }

  /** Contracts of one of the group's orders have been matched. */
  matched(id: string, sizeE6: number): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    group.matched.push({ atMs: this.#options.now(), sizeE6 });
    this.#check(group);
  }

  setLimit(id: string, limitE6: number): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    group.limitE6 = limitE6;
    this.#options.onUpdate(group, 'limit_updated');
    this.#check(group);
  }

  trigger(id: string): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    group.isTriggered = true;
    this.#options.cancelOrders(id);
    this.#options.onUpdate(group, 'triggered');
  }

  /** Takes orders again, and forgets what was matched. */
  reset(id: string): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    group.isTriggered = false;
    group.matched = [];
    this.#options.onUpdate(group, 'reset');
  }

  delete(id: string): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    this.#options.cancelOrders(id);
    this.#groups.delete(id);
    this.#options.onUpdate(group, 'deleted');
  }

  #check(group: State): void {
    const sinceMs = this.#options.now() - WINDOW_MS;
    group.matched = group.matched.filter(({ atMs }) => atMs > sinceMs);
    const sumE6 = group.matched.reduce((sum, { sizeE6 }) => sum + sizeE6, 0);
    if (sumE6 > group.limitE6 && !group.isTriggered) this.trigger(group.id);
  }
}
