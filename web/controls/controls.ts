// What panels may ask for. They know neither tokens nor requests.
import type { EngineAction } from '../stream/engine-actions.js';

export interface Controls {
  /** Does it, after asking for what is missing: a confirmation, a reason, the token. */
  readonly ask: (action: EngineAction) => void;
}
