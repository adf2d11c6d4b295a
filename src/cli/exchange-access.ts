// Where commands that only read find their exchange: the settings say, or, in profile sim without addresses, simulated exchanges are
// started for the command and end with it.
import { ConfigError } from '../runtime/config.js';
import { type Config, SETTINGS } from '../runtime/config-schema.js';
import { startExchangeProcess } from './exchange-process.js';
import { simFlags } from './run-command.js';
import type { RunEnd } from './run-end.js';

export type ReadVenue = 'kalshi' | 'polymarket';

/** Settings of the two exchanges, with what the started simulation said filled in. */
export interface ExchangeAccess {
  readonly kalshi: Config['kalshi'];
  readonly polymarket: Config['polymarket'];
  /** The approved pairs, if there is a file of them. */
  readonly pairsPath: string | undefined;
  readonly isSimulated: boolean;
}

export interface AccessOptions {
  readonly venue: ReadVenue;
  readonly config: Config;
  /** The file that node runs to start the simulated exchanges: our own main. */
  readonly mainPath: string;
  /** For the simulated exchanges, beside those of the configuration. */
  readonly simArgs?: readonly string[];
}

const EXCHANGE_END_MS = 1_000;

/**
 * Does `work` with an exchange at hand and gives what it gives; undefined when `end` came before the exchange was there. Rejects when
 * the exchange cannot be started, with what it had started ended.
 */
export async function withExchange<T>(
  options: AccessOptions,
  end: RunEnd,
  work: (access: ExchangeAccess) => Promise<T>,
): Promise<T | undefined> {
  const { config, venue, mainPath } = options;
  const { kalshi, polymarket, pairs } = config;
  const own = config[venue];
  if (config.profile !== 'sim' || own.restUrl !== undefined || own.wsUrl !== undefined) {
    return work({ kalshi, polymarket, pairsPath: pairs.path, isSimulated: false });
  }
  const args = ['sim', ...simFlags(config), ...(options.simArgs ?? [])];
  const started = startExchangeProcess({ mainPath, args }, end.signal);
  const exchange = await started.catch((error: unknown) => {
    if (end.signal.aborted) return undefined;
    throw error;
  });
  if (exchange === undefined) return undefined;
  void exchange.died.then((words) => end.ask({ kind: 'exchange-died', words }));
  const { ready } = exchange;
  const { exchanges, ...found } = ready.polymarket;
  try {
    return await work({
      kalshi: { ...kalshi, ...ready.kalshi },
      polymarket: {
        ...polymarket,
        ...found,
        standardExchange: exchanges.standard,
        negRiskExchange: exchanges.negRisk,
      },
      pairsPath: ready.pairsPath,
      isSimulated: true,
    });
  } finally {
    await exchange.end(EXCHANGE_END_MS);
  }
}

/** The values at these paths of settings, all given. Throws ConfigError naming those that are not. */
export function required<const P extends readonly string[]>(
  paths: P,
  values: { readonly [K in keyof P]: string | undefined },
): { readonly [K in keyof P]: string } {
  const missing = paths.filter((_, index) => values[index] === undefined);
  if (missing.length === 0) return values as { readonly [K in keyof P]: string };
  throw new ConfigError(
    missing.map((path) => {
      const setting = SETTINGS.find((each) => each.path === path);
      return `missing value: key=${path} set it with ${setting?.flag}, ${setting?.env} or in the file`;
    }),
  );
}
