// Where a profile's defaults differ from the schema's, in one table; and where it keeps its state. What a user gives wins over both.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Config } from './config-schema.js';

type Profile = Config['profile'];

/**
 * As text by setting path. The schema's own defaults suit a small account with real money; the simulated exchanges start with millions,
 * and a demonstration that stops at the first limit shows nothing.
 */
export const PROFILE_DEFAULTS: Readonly<Record<Profile, Readonly<Record<string, string>>>> = {
  sim: {
    'risk.maxMarketPosition': '1000000',
    'risk.maxTotalPosition': '10000000',
    'risk.maxDailyLoss': '100000',
    'risk.maxConsecutiveFailures': '100',
    'risk.maxNaked': '100000',
    'risk.minMinutesToClose': '0',
    'paper.kalshiCash': '10000000',
    'paper.polymarketCash': '10000000',
    // As the simulated exchanges limit nobody's orders.
    'paper.kalshiOrdersPerSecond': '10000',
  },
  demo: {},
  live: {},
  paper: {},
};

/** Where the state of all real accounts is: the XDG base directory specification, which ignores a path that is not absolute. */
function stateHome(env: Readonly<Record<string, string | undefined>>): string {
  const given = env.XDG_STATE_HOME ?? '';
  const base = isAbsolute(given) ? given : join(env.HOME ?? homedir(), '.local', 'state');
  return join(base, 'underround');
}

/** What a setting is in a profile when nobody gives it; undefined where the schema's default holds. */
export function profileDefault(
  profile: Profile,
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  // The simulated exchanges are another world each time: which directory is theirs is known when they are.
  if (path === 'state.dir' && profile !== 'sim') return join(stateHome(env), profile);
  return PROFILE_DEFAULTS[profile][path];
}
