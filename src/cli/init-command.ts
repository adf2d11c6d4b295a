// `underround init`: writes a file of settings with comments and puts the keys in their place, by questions or by flags.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { ConfigError } from '../runtime/config.js';
import { allowedText, PROFILES } from '../runtime/config-schema.js';
import { processSecrets } from '../telemetry/secrets.js';
import { DEFAULT_CONFIG_FILE } from './config-file.js';
import { UsageError } from './exit-codes.js';
import {
  type Answers,
  ASKED,
  type Asked,
  DEFAULT_DIRECTORY,
  keysOf,
  type Profile,
  settingAt,
} from './init/answers.js';
import { configText } from './init/config-text.js';
import {
  type KalshiKey,
  kalshiKeyOf,
  type PolymarketKey,
  polymarketKeyOf,
} from './init/key-material.js';
import { askFor, type Given } from './init/questions.js';
import { type NewFile, refuseExisting, whyNot, writeFiles } from './init/written-files.js';
import { configOf } from './setting-flags.js';

const EXAMPLES = `
Without --yes it asks at the terminal for what no flag says. Keys are copied into keys/ of the directory, readable by their owner
alone; the file of settings has their paths. No flag takes a private key. What is there is never overwritten: --force keeps it as .bak.

Exit codes: 0 written and read back; 1 a key or a file was wrong; 2 wrong flags, or something is there already.

Examples:
  $ underround init
  $ underround init --yes --profile paper --kalshi-key-id ID --kalshi-pem ~/Downloads/kalshi.pem
  $ underround init --yes --profile live --generate-kalshi-key --polymarket-key-file wallet.key --signature-type 2 --funder 0x...
`;

const PAIRS_FILE = 'pairs.yaml';
const PAIRS_TEXT = `# The pairs that may be traded: the same event on both exchanges, looked at by a person. Read the rules of both
# markets to the end before one is approved: what looks the same may settle differently.
#
# pairs:
#   - name: fed-cut-december
#     kalshi: KXFEDDECISION-26DEC-C25
#     polymarket: "0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" # condition id
#     polarity: same # or inverted: YES there is NO here
#     approved: true
version: 1
pairs: []
`;
const GITIGNORE_TEXT = `# Nothing secret and nothing that a run leaves behind.
keys/
state/
underround.yaml
*.bak
*.log
`;

/** Flags of settings that have another name here than the run's: shorter, for there is no other of the kind. */
const FLAGS: Readonly<Record<Asked, string>> = {
  'kalshi.keyId': '--kalshi-key-id <id>',
  'polymarket.funder': '--funder <address>',
  'polymarket.signatureType': '--signature-type <0..3>',
  'trading.maxCost': '--max-cost <dollars>',
  'risk.maxTotalPosition': '--max-total-position <dollars>',
  'risk.maxDailyLoss': '--max-daily-loss <dollars>',
  'state.dir': '--state-dir <path>',
};

export function initCommand(): Command {
  const command = new Command('init')
    .description('write a file of settings and put the keys in their place')
    .option('--dir <path>', `where (default: ${DEFAULT_DIRECTORY})`)
    .addOption(new Option('--profile <name>', 'which exchanges').choices(PROFILES))
    .option('--kalshi-pem <file>', "PEM file of Kalshi's private key, to be copied")
    .option('--generate-kalshi-key', 'make a key pair, and print the public half for Kalshi')
    .option('--polymarket-key-file <file>', "file with the wallet's private key, to be copied");
  for (const path of ASKED) command.option(FLAGS[path], settingAt(path).facts.meaning);
  return command
    .option('--yes', 'ask nothing: flags and defaults')
    .option('--force', 'keep what is there as .bak and write anew')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Record<string, unknown>) => init(options));
}

async function init(options: Record<string, unknown>): Promise<void> {
  const given = givenOf(options);
  const force = options.force === true;
  const answers = options.yes === true ? answersWithout(given) : await asked(given, force);
  const directory = resolve(answers.directory);
  const keysDir = join(directory, 'keys');
  // All that can be wrong is found before the first file is there.
  const kalshi = answers.kalshiKey === undefined ? undefined : await kalshiKeyOf(answers.kalshiKey);
  const wallet =
    answers.polymarketKey === undefined ? undefined : polymarketKeyOf(answers.polymarketKey);
  const files = filesOf(answers, directory, keysDir, kalshi, wallet);
  const moved = writeFiles(files, keysDir, force);
  const configPath = join(directory, DEFAULT_CONFIG_FILE);
  for (const path of moved) say(`kept    ${path}`);
  for (const { path } of files) say(`wrote   ${path}`);
  tellPublicKey(kalshi, configPath);
  // What a run will make of it, now rather than then.
  configOf({ config: configPath }, process.env);
  tellNext(answers, configPath, directory, wallet);
}

function givenOf(options: Record<string, unknown>): Given {
  const textOf = (name: string): string | undefined =>
    typeof options[name] === 'string' ? options[name] : undefined;
  const pem = textOf('kalshiPem');
  const walletPath = textOf('polymarketKeyFile');
  if (pem !== undefined && options.generateKalshiKey === true) {
    throw new UsageError('give --kalshi-pem or --generate-kalshi-key, not both');
  }
  const generated =
    options.generateKalshiKey === true ? ({ kind: 'generate' } as const) : undefined;
  return {
    directory: textOf('dir'),
    profile: textOf('profile') as Profile | undefined,
    kalshiKey: pem === undefined ? generated : { kind: 'file', path: pem },
    polymarketKey: walletPath === undefined ? undefined : { kind: 'file', path: walletPath },
    settings: givenSettings(textOf),
  };
}

/** Throws ConfigError naming every flag that the schema does not take. */
function givenSettings(textOf: (name: string) => string | undefined): Map<Asked, string> {
  const settings = new Map<Asked, string>();
  const problems: string[] = [];
  for (const path of ASKED) {
    const flag = FLAGS[path].split(' ')[0] ?? '';
    const name = flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const text = textOf(name);
    if (text === undefined) continue;
    const { facts, schema } = settingAt(path);
    if (schema.safeParse(text).success) settings.set(path, text);
    else problems.push(`wrong value: origin=flag ${flag} allowed: ${allowedText(facts.kind)}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return settings;
}

function answersWithout(given: Given): Answers {
  const { directory = DEFAULT_DIRECTORY, profile = 'paper', settings } = given;
  return { ...given, directory, profile, settings };
}

async function asked(given: Given, force: boolean): Promise<Answers> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UsageError('there is no terminal to ask at: give --yes and flags, see --help');
  }
  // Nobody should answer ten questions to hear this.
  if (given.directory !== undefined) refuseExisting([configIn(given.directory)], force);
  try {
    return await askFor(given, (directory) => whyNot([configIn(directory)], force));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error;
    throw new Error('ended by Ctrl-C: nothing was written', { cause: error });
  }
}

function configIn(directory: string): string {
  return join(resolve(directory), DEFAULT_CONFIG_FILE);
}

function filesOf(
  answers: Answers,
  directory: string,
  keysDir: string,
  kalshi: KalshiKey | undefined,
  wallet: PolymarketKey | undefined,
): NewFile[] {
  const { profile } = answers;
  const stateDir = answers.settings.get('state.dir');
  const values = new Map(answers.settings);
  // Without one each profile has its own: paper and real orders must never share one.
  if (stateDir !== undefined) values.set('state.dir', resolve(stateDir));
  values.set('profile', profile);
  const files: NewFile[] = [];
  if (kalshi !== undefined) {
    const path = join(keysDir, 'kalshi.pem');
    values.set('kalshi.privateKeyPath', path);
    files.push({ path, text: kalshi.pem });
  }
  if (wallet !== undefined) {
    const path = join(keysDir, 'polymarket.key');
    values.set('polymarket.privateKeyPath', path);
    if (isPlain(answers) && !values.has('polymarket.funder')) {
      values.set('polymarket.funder', wallet.address);
    }
    files.push({ path, text: wallet.text });
  }
  if (profile !== 'sim') {
    const path = join(directory, PAIRS_FILE);
    values.set('pairs.path', path);
    // What a person has approved is not begun anew.
    if (!existsSync(path)) files.push({ path, text: PAIRS_TEXT });
  }
  const ignored = join(directory, '.gitignore');
  if (!existsSync(ignored)) files.push({ path: ignored, text: GITIGNORE_TEXT });
  // Last: a file of settings whose files are all there.
  files.push({ path: configIn(directory), text: configText(profile, values) });
  return files;
}

function isPlain({ settings }: Answers): boolean {
  return (settings.get('polymarket.signatureType') ?? '0') === '0';
}

function tellPublicKey(kalshi: KalshiKey | undefined, configPath: string): void {
  if (kalshi?.publicPem === undefined) return;
  say('');
  say(
    'Give this public key to Kalshi (account, API keys, create a key with a public key of your own),',
  );
  say(`then set kalshi.keyId in ${configPath} to the id that Kalshi shows:`);
  say('');
  // Not hidden like others that begin so: it is the public half.
  process.stdout.write(kalshi.publicPem);
}

function tellNext(
  answers: Answers,
  configPath: string,
  directory: string,
  wallet: PolymarketKey | undefined,
): void {
  const { profile, settings } = answers;
  const needs = keysOf(profile);
  const missing: string[] = [];
  if (needs.kalshi && answers.kalshiKey === undefined) missing.push('kalshi.privateKeyPath');
  if (needs.kalshi && !settings.has('kalshi.keyId')) missing.push('kalshi.keyId');
  if (needs.wallet && wallet === undefined) missing.push('polymarket.privateKeyPath');
  if (needs.wallet && !settings.has('polymarket.funder') && !(wallet && isPlain(answers))) {
    missing.push('polymarket.funder');
  }
  say('');
  if (missing.length > 0) say(`still to be set in ${configPath}: ${missing.join(', ')}`);
  if (profile !== 'sim') say(`approve pairs in ${join(directory, PAIRS_FILE)}`);
  say(`next:   underround doctor --config ${configPath}`);
}

function say(line: string): void {
  process.stdout.write(`${processSecrets.hide(line)}\n`);
}
