// What the control server needs of an engine: to see, and to steer. It must not know how an engine is made.
import type { EngineViews } from '../runtime/engine-views.js';
import type { KillState } from '../runtime/kill-switch.js';
import type { EngineStatus, SinkStatus } from '../runtime/status.js';
import type { STOP_EVERYTHING, STOP_OPENING } from '../shm/risk-table.js';

export interface ControlledEngine {
  status(): EngineStatus;
  /** Undefined until the engine knows its pairs. */
  readonly views: EngineViews | undefined;
  readonly killState: KillState | undefined;
  sinks(): readonly SinkStatus[];
  kill(level: typeof STOP_OPENING | typeof STOP_EVERYTHING, why: string, by: string): void;
  /** These throw an error with the code ACTION_REFUSED for what cannot be done now. */
  resume(why: string, by: string): void;
  freeze(market: number, why: string, by: string): void;
  unfreeze(market: number, why: string, by: string): void;
  setLimit(name: string, value: number, by: string): void;
}
