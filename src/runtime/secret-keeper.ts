// Where the engine hands in what must never be shown, and has its own words cleaned before they are kept. Who keeps the secrets is no
// matter of the engine's.
import type { EngineEvent } from './status.js';

export interface SecretKeeper {
  /** From now on this value is taken out of everything that is cleaned. */
  keep(secret: string): void;
  /** The same event without any secret. */
  clean(event: EngineEvent): EngineEvent;
}

export const NO_SECRETS: SecretKeeper = {
  keep: () => undefined,
  clean: (event) => event,
};
