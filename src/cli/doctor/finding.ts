// One look of the doctor and what came of it: a verdict, the values behind it, and what to do. Every look has a deadline, and one that
// fails stops no other.
import { messageOf } from '../../net/rest-client.js';

/** fail: a person has to do something before it trades well. warn: it may pass by itself, or is a matter of degree. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'skipped';

export interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
  /** With the values that were looked at. */
  readonly text: string;
  /** What to do; undefined when nothing has to be done. */
  readonly advice: string | undefined;
}

/** What was found, and what later looks need of it; no value where there is nothing to go on with. */
export interface Checked<T> {
  readonly finding: Finding;
  readonly value: T | undefined;
}

/** What a look says of itself; its name is added. */
export type Told<T = undefined> = Omit<Finding, 'name'> & { readonly value?: T };

export interface Look<T> {
  readonly name: string;
  readonly deadlineMs?: number;
  /** What to do when the look itself fails. */
  readonly advice: string | ((error: unknown) => string);
  look(): Promise<Told<T>> | Told<T>;
}

const DEADLINE_MS = 5_000;

class LateError extends Error {
  readonly code = 'LATE';
}

export function good<T = undefined>(text: string, value?: T): Told<T> {
  return { verdict: 'ok', text, advice: undefined, ...(value === undefined ? {} : { value }) };
}

export function doubtful<T = undefined>(text: string, advice: string, value?: T): Told<T> {
  return { verdict: 'warn', text, advice, ...(value === undefined ? {} : { value }) };
}

export function bad<T = undefined>(text: string, advice: string, value?: T): Told<T> {
  return { verdict: 'fail', text, advice, ...(value === undefined ? {} : { value }) };
}

export function skipped(name: string, why: string): Finding {
  return { name, verdict: 'skipped', text: why, advice: undefined };
}

/** Never rejects: what goes wrong is a finding. */
export async function examine<T>(look: Look<T>): Promise<Checked<T>> {
  const { name, deadlineMs = DEADLINE_MS, advice } = look;
  try {
    const told = await within(
      Promise.resolve().then(() => look.look()),
      deadlineMs,
    );
    const { verdict, text, advice: todo, value } = told;
    return { finding: { name, verdict, text, advice: todo }, value };
  } catch (error) {
    const todo = typeof advice === 'string' ? advice : advice(error);
    const finding: Finding = { name, verdict: 'fail', text: messageOf(error), advice: todo };
    return { finding, value: undefined };
  }
}

/** A look that needs what another has found: skipped, with the name of the other, when there is nothing. */
export async function examineWith<A, T>(
  needed: Promise<Checked<A>>,
  lookOf: (value: A) => Look<T>,
  name: string,
): Promise<Checked<T>> {
  const { finding, value } = await needed;
  if (value !== undefined) return examine(lookOf(value));
  const why = finding.verdict === 'skipped' ? finding.text : `waits for: ${finding.name}`;
  return { finding: skipped(name, why), value: undefined };
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError(`no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
