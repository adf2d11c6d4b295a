// The process's secrets and the scrubber of everything that leaves it: lines, log files, alerts, the journal's events. It must not
// know where a text goes.
import { readFileSync } from 'node:fs';
import type { SecretKeeper } from '../runtime/secret-keeper.js';
import type { EngineEvent } from '../runtime/status.js';
import { secretForms } from './secret-forms.js';
import { HIDDEN, hidePatterns, isSecretName } from './secret-patterns.js';

/** Shorter values are no secrets, and hiding them would make every text unreadable. */
export const MIN_SECRET_CHARS = 4;
/** Hiding can join what was apart: looked again so often, then nothing of the text is shown. */
const MAX_ROUNDS = 3;

export class Secrets implements SecretKeeper {
  readonly #forms = new Set<string>();

  keep(secret: string): void {
    if (secret.trim().length < MIN_SECRET_CHARS) return;
    for (const form of secretForms(secret)) {
      if (form.length >= MIN_SECRET_CHARS) this.#forms.add(form);
    }
  }

  /** A file that cannot be read has no secret that could be told; whoever needs it will say so. */
  keepFile(path: string): void {
    try {
      this.keep(readFileSync(path, 'utf8'));
    } catch {
      return;
    }
  }

  scrub(text: string): string {
    return this.#withoutKept(text);
  }

  /** Without what only looks like a secret either. `name`: of the fact whose value this is. */
  hide(text: string, name?: string): string {
    return this.#withoutKept(hidePatterns(this.#withoutKept(text), name));
  }

  clean(event: EngineEvent): EngineEvent {
    const facts = Object.entries(event.facts).map(([name, value]) => {
      if (typeof value !== 'string') return [name, value];
      return [name, isSecretName(name) ? HIDDEN : this.hide(value, name)];
    });
    return { ...event, text: this.hide(event.text), facts: Object.fromEntries(facts) };
  }

  #withoutKept(text: string): string {
    let hidden = text;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = hidden;
      hidden = cut(before, this.#found(before));
      if (hidden === before) return hidden;
    }
    return this.#found(hidden).length === 0 ? hidden : '';
  }

  /** Where any form stands, overlapping ones too. */
  #found(text: string): [from: number, to: number][] {
    const found: [number, number][] = [];
    for (const form of this.#forms) {
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
        found.push([at, at + form.length]);
      }
    }
    return found.sort(([a], [b]) => a - b);
  }
}

/** Text with each stretch of overlapping finds hidden as one: a half of a secret is not left beside the other. */
function cut(text: string, found: readonly (readonly [number, number])[]): string {
  let shown = '';
  let from = 0;
  let end = -1;
  for (const [start, to] of found) {
    if (start > end) {
      if (end >= 0) from = end;
      shown += text.slice(from, start) + HIDDEN;
    }
    end = Math.max(end, to);
  }
  return end < 0 ? text : shown + text.slice(end);
}

/** Those of this process: errors that end it are scrubbed by them too. */
export const processSecrets = new Secrets();
