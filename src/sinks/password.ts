// Where a password comes from and how it stays out of what is said: a file, or the variable that the database's own tools read.
import { readFileSync } from 'node:fs';
import { SinkRefusal } from './sink.js';

/** Undefined where none is given: the server may need none. */
export function readPassword(file: string | undefined, variable: string): string | undefined {
  if (file === undefined) return process.env[variable];
  try {
    // An editor ends the last line; a password does not end with one.
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SinkRefusal(`the file of the password cannot be read: path=${file} code=${code}`);
  }
}

/** What an error says, on one line, without the password. */
export function spokenWhy(error: unknown, password: string | undefined): string {
  const text = error instanceof Error ? error.message || codeOf(error) : String(error);
  const line = text.split('\n', 1)[0]!;
  return password === undefined || password === '' ? line : line.replaceAll(password, '(hidden)');
}

/** An attempt at several addresses says nothing but in its parts. */
function codeOf(error: Error & { code?: string }): string {
  const parts = error instanceof AggregateError ? (error.errors as Error[]) : [];
  return parts[0]?.message ?? error.code ?? error.name;
}
