// Asks a person at the terminal for what the flags have not said. A key is typed at a prompt that shows nothing.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { allowedText, PROFILES } from '../../runtime/config-schema.js';
import {
  type Answers,
  type Asked,
  DEFAULT_DIRECTORY,
  type KalshiKeySource,
  keysOf,
  type PolymarketKeySource,
  type Profile,
  settingAt,
} from './answers.js';
import { isTypedKey, polymarketKeyOf } from './key-material.js';

/** What the flags have said already. */
export interface Given {
  readonly directory: string | undefined;
  readonly profile: Profile | undefined;
  readonly kalshiKey: KalshiKeySource | undefined;
  readonly polymarketKey: PolymarketKeySource | undefined;
  readonly settings: ReadonlyMap<Asked, string>;
}

const PROFILE_NAMES: Readonly<Record<Profile, string>> = {
  sim: 'sim: simulated exchanges, play money, no key',
  demo: "demo: Kalshi's exchange for practice, and a Polymarket of your own",
  live: 'live: the real exchanges, real money',
  paper: 'paper: real prices, orders on paper',
};

/** Only for the profiles that have a wallet. */
const WALLET_KINDS = [
  { value: '0', name: '0: the key itself holds the money' },
  { value: '1', name: '1: a proxy wallet, made by logging in with email' },
  { value: '2', name: '2: a Safe, made by logging in with a browser wallet' },
  { value: '3', name: '3: a deposit wallet' },
];

const LIMITS: readonly Asked[] = ['trading.maxCost', 'risk.maxTotalPosition', 'risk.maxDailyLoss'];

/** Loaded when somebody is asked: no other command waits for it. */
const prompts = () => import('@inquirer/prompts');

/** `refusal`: why nothing can be written to a directory, or undefined. */
export async function askFor(
  given: Given,
  refusal: (directory: string) => string | undefined,
): Promise<Answers> {
  const { input, select } = await prompts();
  const directory =
    given.directory ??
    fromHome(
      await input({
        message: 'Directory',
        default: DEFAULT_DIRECTORY,
        validate: (typed) => refusal(fromHome(typed)) ?? true,
      }),
    );
  const profile =
    given.profile ??
    (await select({
      message: 'Profile',
      default: 'paper' as Profile,
      choices: PROFILES.map((value) => ({ value, name: PROFILE_NAMES[value] })),
    }));
  const settings = new Map<Asked, string>(given.settings);
  const { kalshi, wallet } = keysOf(profile);
  const kalshiKey = given.kalshiKey ?? (kalshi ? await askKalshiKey() : undefined);
  if (kalshi && kalshiKey?.kind !== 'generate') await askSetting(settings, 'kalshi.keyId', '');
  const polymarketKey = given.polymarketKey ?? (wallet ? await askWalletKey() : undefined);
  if (wallet) await askWallet(settings, polymarketKey);
  for (const path of LIMITS) await askSetting(settings, path, settingAt(path).facts.default ?? '');
  await askSetting(settings, 'state.dir', '');
  const stateDir = settings.get('state.dir');
  if (stateDir !== undefined) settings.set('state.dir', fromHome(stateDir));
  return { directory, profile, kalshiKey, polymarketKey, settings };
}

async function askKalshiKey(): Promise<KalshiKeySource | undefined> {
  const { select } = await prompts();
  const kind = await select({
    message: "Kalshi's private key",
    choices: [
      { value: 'file', name: 'copy the PEM file that Kalshi let me download' },
      { value: 'generate', name: 'make a new one; I give its public half to Kalshi' },
      { value: 'later', name: 'later' },
    ],
  });
  if (kind === 'later') return undefined;
  if (kind === 'generate') return { kind };
  return { kind: 'file', path: await askPath('Path of the PEM file') };
}

async function askPath(message: string): Promise<string> {
  const { input } = await prompts();
  const typed = await input({
    message,
    required: true,
    validate: (path) => existsSync(fromHome(path)) || 'there is no such file',
  });
  return fromHome(typed);
}

/** What a shell makes of ~/ a prompt leaves as it is. */
function fromHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

async function askWalletKey(): Promise<PolymarketKeySource | undefined> {
  const { password, select } = await prompts();
  const kind = await select({
    message: 'Private key of the Polymarket wallet',
    choices: [
      { value: 'typed', name: 'paste it here; nothing is shown' },
      { value: 'file', name: 'copy a file that holds it' },
      { value: 'later', name: 'later' },
    ],
  });
  if (kind === 'later') return undefined;
  if (kind === 'file') {
    return { kind, path: await askPath('Path of the key file') };
  }
  const text = await password({
    message: 'Private key, 64 hex digits',
    mask: false,
    validate: (typed) => isTypedKey(typed) || 'allowed: 64 hex digits, with or without 0x',
  });
  return { kind: 'typed', text };
}

async function askWallet(
  settings: Map<Asked, string>,
  key: PolymarketKeySource | undefined,
): Promise<void> {
  const { select } = await prompts();
  if (!settings.has('polymarket.signatureType')) {
    const message = 'Kind of wallet';
    settings.set('polymarket.signatureType', await select({ message, choices: WALLET_KINDS }));
  }
  const isPlain = settings.get('polymarket.signatureType') === '0';
  // A plain key's wallet is its own address.
  const own = isPlain && key !== undefined ? polymarketKeyOf(key).address : '';
  await askSetting(settings, 'polymarket.funder', own);
}

/** An empty answer leaves a setting out. */
async function askSetting(
  settings: Map<Asked, string>,
  path: Asked,
  standard: string,
): Promise<void> {
  if (settings.has(path)) return;
  const { input } = await prompts();
  const { facts, schema } = settingAt(path);
  const text = await input({
    message: `${facts.meaning.replace(/\.$/, '')} (${path}${standard === '' ? ', may stay empty' : ''})`,
    ...(standard === '' ? {} : { default: standard }),
    validate: (typed) =>
      typed === '' || schema.safeParse(typed).success || `allowed: ${allowedText(facts.kind)}`,
  });
  if (text !== '') settings.set(path, text);
}
