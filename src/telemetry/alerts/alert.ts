// An alert: what somebody has to hear, made from an event by the table of events. Pure functions.

import type { ToldEvent } from '../event-hub.js';
import { type AlertLevel, type AlertRule, ruleOf } from '../event-table.js';

export interface Alert {
  readonly event: string;
  readonly level: AlertLevel;
  readonly text: string;
  readonly atMs: number;
  /** Alerts of one topic follow each other: the last one says how it stands. */
  readonly topic: string;
  /** The same alert again has the same value here. */
  readonly same: string;
  readonly resolves: boolean;
}

/** An alert with those that were told together with it. */
export interface CountedAlert extends Alert {
  /** Alerts of the topic that this one stands for, itself included. */
  readonly count: number;
  readonly firstAtMs: number;
}

export const LEVEL_RANK: Readonly<Record<AlertLevel, number>> = { info: 0, warn: 1, error: 2 };

/** Undefined where nobody is to be called. */
export function alertOf(told: ToldEvent): Alert | undefined {
  const { alert: rule } = ruleOf(told);
  if (rule === undefined) return undefined;
  const { event, text, atMs } = told;
  const { level, resolves } = rule;
  return {
    event,
    level,
    text,
    atMs,
    resolves,
    topic: [rule.topic, ...values(rule.by, told)].join(' '),
    same: [event, ...values(rule.same, told)].join(' '),
  };
}

function values(names: AlertRule['by'], { facts }: ToldEvent): string[] {
  return names.map((name) => String(facts[name] ?? ''));
}
