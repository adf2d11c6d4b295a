// The simulation as a process: one line of JSON when it is ready, one when it has ended, and no life beyond its parent's.
import { fstatSync } from 'node:fs';
import { startSim } from './sim.js';
import type { SimOptions } from './sim-options.js';

const STDIN = 0;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const STDIN_ENDS = ['end', 'close', 'error'] as const;

type EndReason = (typeof SIGNALS)[number] | 'duration' | 'stdin-closed';

/** Resolves when the simulation has ended: by a signal, its duration, or the end of a piped stdin. */
export async function runSimProcess(
  options: SimOptions,
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Promise<void> {
  // Listening before the start: a parent that goes away meanwhile is noticed too.
  const ending = listenForEnd();
  try {
    const sim = await startSim(options, (line) => process.stderr.write(`${line}\n`));
    print(JSON.stringify(sim.ready));
    if (options.durationMs !== undefined) ending.endAfter(options.durationMs);
    const endedBy = await ending.reason;
    const summary = sim.summary();
    await sim.stop();
    print(JSON.stringify({ event: 'end', endedBy, ...summary }));
  } finally {
    ending.stopListening();
  }
}

interface Ending {
  readonly reason: Promise<EndReason>;
  endAfter(ms: number): void;
  stopListening(): void;
}

function listenForEnd(): Ending {
  let timer: NodeJS.Timeout | undefined;
  let end: (reason: EndReason) => void = () => undefined;
  const reason = new Promise<EndReason>((resolve) => {
    end = resolve;
  });
  const onStdinEnd = () => end('stdin-closed');
  const onSignal = (signal: NodeJS.Signals) => end(signal as EndReason);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  if (isPiped()) {
    for (const event of STDIN_ENDS) process.stdin.once(event, onStdinEnd);
    process.stdin.resume();
  }
  return {
    reason,
    endAfter(ms) {
      timer = setTimeout(() => end('duration'), ms);
    },
    stopListening() {
      clearTimeout(timer);
      for (const signal of SIGNALS) process.removeListener(signal, onSignal);
      for (const event of STDIN_ENDS) process.stdin.removeListener(event, onStdinEnd);
      process.stdin.destroy();
    },
  };
}

/** A parent's pipe (a socket where Node made it), not a terminal, a file or /dev/null. */
function isPiped(): boolean {
  try {
    const stat = fstatSync(STDIN);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
