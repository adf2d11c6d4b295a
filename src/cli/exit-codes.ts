// What the process says when it ends, and how an error becomes the line that a person reads.
import { ConfigError } from '../runtime/config.js';

export const EXIT_GOOD = 0;
export const EXIT_FAILURE = 1;
/** Wrong flags or configuration. */
export const EXIT_USAGE = 2;
/** Commands for a running engine: there is none, or it does not answer. */
export const EXIT_NO_ENGINE = 3;
export type ExitCode =
  | typeof EXIT_GOOD
  | typeof EXIT_FAILURE
  | typeof EXIT_USAGE
  | typeof EXIT_NO_ENGINE;

/** A wish that this command cannot take; its message says what can be asked instead. */
export class UsageError extends Error {
  readonly code = 'usage';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof ConfigError || error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
}

/** One line a problem; the stack and its causes only when asked for. */
export function errorText(error: unknown, debug: boolean): string {
  if (error instanceof ConfigError) {
    return error.problems.map((problem) => `error: ${printable(problem)}`).join('\n');
  }
  if (!(error instanceof Error)) return `error: ${printable(String(error))}`;
  const line = `error: ${printable(error.message)}`;
  return debug ? `${line}\n${error.stack ?? ''}${causeText(error)}` : line;
}

function causeText(error: Error): string {
  return error.cause instanceof Error
    ? `\ncaused by: ${error.cause.stack ?? error.cause.message}`
    : '';
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Text from an exchange must not steer the terminal: control and direction characters become one blank. */
export function printable(text: string): string {
  return text.replace(CONTROL, ' ');
}
