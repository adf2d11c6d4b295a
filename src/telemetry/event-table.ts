// Every event that the program tells: which part tells it, and whether somebody has to hear of it who does not look. Its level as a
// line is settled where it is told; what it is as an alert is settled here.
import type { EngineEvent } from '../runtime/status.js';

/** Parts whose level can be set by itself. */
export const PARTS = [
  'engine',
  'feeds',
  'executor',
  'desk',
  'accounts',
  'sinks',
  'alerts',
  'control',
  'cli',
] as const;
export type Part = (typeof PARTS)[number];

export const ALERT_LEVELS = ['info', 'warn', 'error'] as const;
export type AlertLevel = (typeof ALERT_LEVELS)[number];

export interface AlertRule {
  readonly level: AlertLevel;
  /** What it is about: events of one topic follow each other, and the last one counts. */
  readonly topic: string;
  /** Facts that tell topics apart: a breaker an exchange. */
  readonly by: readonly string[];
  /** Facts in which a repetition agrees with what it repeats. */
  readonly same: readonly string[];
  /** It is over: told whatever the level, if what it ends was told. */
  readonly resolves: boolean;
}

export interface EventRule {
  readonly part: Part;
  /** Undefined: nobody is called. */
  readonly alert: AlertRule | undefined;
}

interface AlertChoices {
  readonly topic?: string;
  readonly by?: readonly string[];
  readonly same?: readonly string[];
}

function line(part: Part): EventRule {
  return { part, alert: undefined };
}

function alert(
  part: Part,
  level: AlertLevel,
  topic: string,
  choices: AlertChoices = {},
): EventRule {
  const { by = [], same = [] } = choices;
  return { part, alert: { level, topic, by, same, resolves: false } };
}

function over(part: Part, topic: string, by: readonly string[] = []): EventRule {
  return { part, alert: { level: 'info', topic, by, same: [], resolves: true } };
}

/** By event. A test holds it against the source: an event that is told and not here fails it. */
export const EVENTS: Readonly<Record<string, EventRule>> = {
  // The run.
  loading: line('engine'),
  running: alert('engine', 'info', 'run'),
  ended: alert('cli', 'info', 'run'),
  failed: alert('cli', 'error', 'run'),
  kill: alert('engine', 'error', 'kill', { same: ['level', 'why'] }),
  'journal-failed': alert('engine', 'error', 'journal-failed', { same: ['why'] }),
  'kill-not-kept': alert('engine', 'error', 'kill-not-kept'),
  stopped: alert('engine', 'error', 'stopped', { same: ['why'] }),
  'stop-late': alert('cli', 'error', 'stop-late'),
  unresolved: alert('engine', 'error', 'unresolved'),
  frozen: alert('engine', 'warn', 'frozen', { by: ['pair'] }),
  unfrozen: over('engine', 'frozen', ['pair']),
  'limit-set': alert('engine', 'warn', 'limit-set', { by: ['name'] }),
  control: line('control'),
  'control-exposed': alert('control', 'warn', 'control-exposed'),
  'page-moved': line('control'),
  'pair-refused': line('engine'),
  'not-awake': line('engine'),
  recovering: line('engine'),
  recovered: line('engine'),
  'foreign-pairs': alert('engine', 'warn', 'foreign-pairs'),
  differs: alert('engine', 'error', 'differs', { by: ['pair'] }),
  'alert-differs': alert('engine', 'error', 'differs', { by: ['pair'] }),
  'not-opening': alert('engine', 'error', 'not-opening'),
  'not-reconciled': alert('accounts', 'warn', 'not-reconciled'),
  // Feeds.
  connected: line('feeds'),
  disconnected: line('feeds'),
  'feed-down': alert('feeds', 'error', 'feed', { by: ['venue'] }),
  'feed-up': over('feeds', 'feed', ['venue']),
  'terms-unread': alert('feeds', 'warn', 'terms'),
  'terms-refused': alert('feeds', 'warn', 'terms'),
  'terms-changed': line('feeds'),
  // Exchanges.
  'breaker-open': alert('accounts', 'error', 'breaker', { by: ['venue'] }),
  'breaker-closed': over('accounts', 'breaker', ['venue']),
  'backed-off': line('accounts'),
  'venue-unread': alert('accounts', 'warn', 'venue-unread', { by: ['venue'] }),
  'venue-closed': alert('accounts', 'warn', 'venue-closed'),
  clock: alert('accounts', 'warn', 'clock'),
  paused: alert('accounts', 'warn', 'paused', { by: ['exchangeIndex'] }),
  resumed: over('accounts', 'paused', ['exchangeIndex']),
  // Orders and what they leave.
  unreadable: alert('executor', 'error', 'unreadable', { by: ['venue'] }),
  'arb-filled': line('desk'),
  'arb-missed': line('desk'),
  'arb-one-legged': line('desk'),
  'arb-unknown': alert('desk', 'warn', 'arb-unknown', { by: ['pair'] }),
  mismatches: alert('desk', 'warn', 'mismatches', { by: ['pair'] }),
  exit: line('desk'),
  exposed: alert('desk', 'warn', 'exposed', { by: ['pair'] }),
  neutral: over('desk', 'exposed', ['pair']),
  'alert-naked': alert('desk', 'error', 'exposed', { by: ['pair'] }),
  'alert-unknown': alert('desk', 'error', 'unknown', { by: ['clientOrderId'] }),
  'alert-foreign': alert('desk', 'error', 'foreign', { by: ['clientOrderId'] }),
  'look-up-failed': alert('accounts', 'warn', 'look-up', { by: ['venue'] }),
  // Where records also go, and what watches.
  paper: line('engine'),
  hypertables: line('sinks'),
  'no-hypertables': line('sinks'),
  'sinks-died': alert('sinks', 'error', 'sinks-died'),
  'sink-down': alert('sinks', 'error', 'sink', { by: ['sink'] }),
  'sink-refused': alert('sinks', 'error', 'sink', { by: ['sink'], same: ['why'] }),
  'sink-up': over('sinks', 'sink', ['sink']),
  // To every target, past queue and levels: `underround alerts test`.
  test: line('alerts'),
  'alerts-down': line('alerts'),
  'alerts-up': line('alerts'),
  'log-failed': alert('cli', 'error', 'log'),
  // Simulated exchanges.
  'exchanges-up': line('cli'),
  'exchange-died': alert('cli', 'error', 'exchange-died'),
  'truth-differs': line('cli'),
  'truth-unknown': line('cli'),
  'false-detection': line('cli'),
  missed: line('cli'),
};

/** One that is not in the table is not lost: errors and warnings call, under their own name. */
export function ruleOf({ event, level }: EngineEvent): EventRule {
  const known = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
  if (known !== undefined) return known;
  return level === 'info' ? line('engine') : alert('engine', level, event);
}
