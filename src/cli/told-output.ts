// Puts the way of all events between a run and its terminal: what the run tells goes to the log and the alerts too, and comes to the
// terminal without secrets and by the level of its part.
import type { EventHub } from '../telemetry/event-hub.js';
import type { RunOutput } from './run-output.js';

/** Told by the error itself, on the last line. */
const NOT_SHOWN = 'failed';

export function toldOutput(output: RunOutput, hub: EventHub): RunOutput {
  hub.add((event) => {
    if (event.event !== NOT_SHOWN) output.event(event);
  });
  return {
    everyMs: output.everyMs,
    open: (title, durationMs, pageUrl) => output.open(title, durationMs, pageUrl),
    event: (event) => hub.say(event),
    show: (status) => output.show(status),
    close: () => output.close(),
  };
}
