// A file of faults (docs/FAULTS.md): what happens to which exchange when. Read once, checked whole, and then played beside the market.
// It must not know how a fault is done.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { durationMs } from '../domain/duration.js';
import {
  type FaultVenue,
  faultSchema,
  faultVenueSchema,
  type PlannedFault,
} from './fault-schema.js';
import { Rng } from './market/rng.js';
import type { Fault } from './server.js';
import { STORM } from './storm.js';

/** A fault that comes round more often than this is a load test of the script. */
const MIN_PERIOD_MS = 10;
const MAX_FAULTS = 10_000;
const MAX_HISTORY = 10_000;

/** One line of the file: a fault at a time, or again and again. */
interface ScriptLine extends PlannedFault {
  readonly firstMs: number;
  /** undefined: once. */
  readonly everyMs: number | undefined;
  readonly untilMs: number;
}

interface Storm {
  readonly everyMs: number;
  readonly untilMs: number;
  readonly seed: number;
  readonly of: readonly PlannedFault[];
}

export interface FaultScript {
  readonly lines: readonly ScriptLine[];
  readonly storm: Storm | undefined;
}

export const NO_FAULTS: FaultScript = { lines: [], storm: undefined };

export class FaultFileError extends Error {
  readonly code = 'FAULT_FILE';
}

const time = z.string().transform((text, context) => {
  const ms = text === '0' || text === '0s' ? 0 : durationMs(text);
  if (!Number.isNaN(ms)) return ms;
  context.addIssue({ code: 'custom', message: 'a length of time such as 500ms, 5s or 1m30s' });
  return z.NEVER;
});
const period = time.refine((ms) => ms >= MIN_PERIOD_MS, `at least ${MIN_PERIOD_MS}ms`);

const faultEntry = z.looseObject({ venue: faultVenueSchema }).transform((entry, context) => {
  const { venue, ...body } = entry;
  const fault = faultSchema.safeParse(body);
  if (fault.success) return { venue, fault: fault.data };
  for (const { path, message } of fault.error.issues) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
  return z.NEVER;
});

const lineSchema = z
  .looseObject({
    at: time.optional(),
    every: period.optional(),
    from: time.optional(),
    until: time.optional(),
  })
  .transform((entry, context) => {
    const { at, every, from, until, ...rest } = entry;
    if ((at === undefined) === (every === undefined)) {
      context.addIssue({ code: 'custom', message: 'give either `at` or `every`' });
      return z.NEVER;
    }
    const planned = faultEntry.safeParse(rest);
    if (!planned.success) {
      for (const { path, message } of planned.error.issues) {
        context.addIssue({ code: 'custom', path: [...path], message });
      }
      return z.NEVER;
    }
    const line: ScriptLine = {
      ...planned.data,
      firstMs: at ?? from ?? every ?? 0,
      everyMs: every,
      untilMs: until ?? Number.POSITIVE_INFINITY,
    };
    return line;
  });

const scriptSchema = z.strictObject({
  version: z.literal(1),
  faults: z.array(lineSchema).max(MAX_FAULTS).default([]),
  storm: z
    .strictObject({
      every: period,
      until: time.optional(),
      seed: z.int().min(0).max(4_294_967_295).default(1),
      of: z.array(faultEntry).min(1).max(MAX_FAULTS).optional(),
    })
    .optional(),
});

/** Throws FaultFileError that names the file, the place and what belongs there. */
export function readFaultScript(path: string): FaultScript {
  const fail = (why: string, cause?: unknown): never => {
    throw new FaultFileError(`cannot play the faults: path=${path} why=${why}`, { cause });
  };
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    return fail(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const script = scriptSchema.safeParse(value);
  if (!script.success) {
    const problems = script.error.issues.map((each) => `${each.path.join('.')}: ${each.message}`);
    return fail(problems.join('; '));
  }
  const { faults, storm } = script.data;
  return {
    lines: faults,
    storm: storm && {
      everyMs: storm.every,
      untilMs: storm.until ?? Number.POSITIVE_INFINITY,
      seed: storm.seed,
      of: storm.of ?? STORM,
    },
  };
}

export interface PlayedFault {
  /** Wall clock. */
  readonly atMs: number;
  readonly venue: FaultVenue;
  readonly kind: Fault['kind'];
}

export interface FaultPlayerOptions {
  readonly script: FaultScript;
  readonly inject: (venue: FaultVenue, fault: Fault) => void;
  /** Told of each fault as it is played, and of one that its exchange refuses. */
  readonly log: (line: string) => void;
}

/** Plays a script from the moment of its start. Timers are its only clock: a late fault is a fault. */
export class FaultPlayer {
  readonly #options: FaultPlayerOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #history: PlayedFault[] = [];
  #isStarted = false;

  constructor(options: FaultPlayerOptions) {
    this.#options = options;
  }

  /** Faults played so far, oldest first; the newest MAX_HISTORY of them. */
  get history(): readonly PlayedFault[] {
    return this.#history;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { lines, storm } = this.#options.script;
    for (const line of lines) this.#schedule(line);
    if (storm === undefined) return;
    const rng = new Rng(storm.seed, 'storm');
    let atMs = 0;
    this.#every(storm.everyMs, () => {
      atMs += storm.everyMs;
      if (atMs <= storm.untilMs) this.#play(rng.pick(storm.of));
    });
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #schedule(line: ScriptLine): void {
    const { firstMs, everyMs, untilMs } = line;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#play(line);
      if (everyMs === undefined) return;
      let atMs = firstMs;
      this.#every(everyMs, () => {
        atMs += everyMs;
        if (atMs <= untilMs) this.#play(line);
      });
    }, firstMs);
    this.#timers.add(timer);
  }

  #every(ms: number, action: () => void): void {
    this.#timers.add(setInterval(action, ms));
  }

  #play({ venue, fault }: PlannedFault): void {
    if (this.#history.length === MAX_HISTORY) this.#history.shift();
    this.#history.push({ atMs: Date.now(), venue, kind: fault.kind });
    try {
      this.#options.inject(venue, fault);
      this.#options.log(`fault: venue=${venue} ${JSON.stringify(fault)}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.log(`fault refused: venue=${venue} kind=${fault.kind} why=${why}`);
    }
  }
}
