// Where the engine hands in what must never be shown, and has words cleaned before they are kept: an exchange may tell us our own
// secrets in the text of an error. Who keeps the secrets is no matter of the engine's.
import type { JournalRecord } from '../journal/records.js';
import type { EngineEvent } from './status.js';

export interface SecretKeeper {
  /** From now on this value is taken out of everything that is cleaned. */
  keep(secret: string): void;
  /** The text without the values that were handed in. */
  scrub(text: string): string;
  /** The same event without any secret, also without what only looks like one. */
  clean(event: EngineEvent): EngineEvent;
}

export const NO_SECRETS: SecretKeeper = {
  keep: () => undefined,
  scrub: (text) => text,
  clean: (event) => event,
};

/** A record without secrets where it repeats what an exchange said; ids, by which orders are found again, stay as they are. */
export function cleanRecord(record: JournalRecord, secrets: SecretKeeper): JournalRecord {
  switch (record.t) {
    case 'order':
      return { ...record, reply: scrubbed(record.reply, secrets) };
    case 'order-state':
      return { ...record, why: secrets.scrub(record.why) };
    case 'arb-state':
      return {
        ...record,
        why: secrets.scrub(record.why),
        facts: scrubbed(record.facts, secrets),
      };
    default:
      return record;
  }
}

/** Plain data, as JSON has it. */
function scrubbed(value: unknown, secrets: SecretKeeper): unknown {
  if (typeof value === 'string') return secrets.scrub(value);
  if (Array.isArray(value)) return value.map((each) => scrubbed(each, secrets));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, scrubbed(each, secrets)]);
  return Object.fromEntries(entries);
}
