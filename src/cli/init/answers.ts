// What init has to know before it writes anything, from flags or from a person. Secrets are in it, so it is never printed.
import type { Config } from '../../runtime/config-schema.js';
import { SETTINGS, type Setting } from '../../runtime/config-schema.js';

export type Profile = Config['profile'];

/** Where a key comes from; undefined where none is given yet. */
export type KalshiKeySource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'generate' };
export type PolymarketKeySource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'typed'; readonly text: string };

export interface Answers {
  readonly directory: string;
  readonly profile: Profile;
  readonly kalshiKey: KalshiKeySource | undefined;
  readonly polymarketKey: PolymarketKeySource | undefined;
  /** By setting path, as text that the schema takes. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Settings that init asks for, beside keys and directory; the flags of a run have the same names. */
export const ASKED = [
  'kalshi.keyId',
  'polymarket.funder',
  'polymarket.signatureType',
  'trading.maxCost',
  'risk.maxTotalPosition',
  'risk.maxDailyLoss',
  'state.dir',
] as const;
export type Asked = (typeof ASKED)[number];

export const DEFAULT_DIRECTORY = './underround';

/** Which keys a profile has a use for. */
export function keysOf(profile: Profile): { readonly kalshi: boolean; readonly wallet: boolean } {
  switch (profile) {
    case 'sim':
      return { kalshi: false, wallet: false };
    case 'paper':
      return { kalshi: true, wallet: false };
    case 'demo':
    case 'live':
      return { kalshi: true, wallet: true };
    default:
      return profile satisfies never;
  }
}

export function settingAt(path: string): Setting {
  const setting = SETTINGS.find((each) => each.path === path);
  if (setting === undefined) throw new Error(`no such setting: path=${path}`);
  return setting;
}
