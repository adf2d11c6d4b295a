// Settles every setting: flags over environment over file over defaults, and says of each where it came from. It reads no
// file and no environment by itself.
import { parseDecimal } from '../domain/decimal.js';
import {
  MICROS_PER_DOLLAR,
  MICROS_PLACES,
  PRICE_PLACES,
  SIZE_CENTI_PLACES,
} from '../domain/units.js';
import { defaultWait } from '../shm/wait-strategy.js';
import type { SinksConfig } from '../sinks/sinks-config.js';
import { CONTRACTS, POLYGON_CHAIN_ID } from '../venues/polymarket/wire/contracts.js';
import {
  allowedText,
  CHANCE_PLACES,
  type Config,
  configSchema,
  ENV_PREFIX,
  SECTIONS,
  SETTINGS,
  type Setting,
} from './config-schema.js';
import type { EngineConfig, PaperConfig, RiskConfig } from './engine-config.js';
import { nearestKey } from './nearest-key.js';
import { profileDefault } from './profile-defaults.js';
import { withProfileHosts } from './profile-hosts.js';

export type Origin =
  | { readonly from: 'flag'; readonly name: string }
  | { readonly from: 'env'; readonly name: string }
  | { readonly from: 'file'; readonly name: string }
  | { readonly from: 'profile'; readonly name: string }
  | { readonly from: 'default' };

export interface ConfigSources {
  /** Given flags by setting path ("engine.kalshiFeeds"). */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A file's content by section and key; scalars best left as the text that was written. */
  readonly file?: { readonly path: string; readonly values: unknown };
}

export interface ResolvedConfig {
  readonly config: Config;
  /** By setting path, every setting. */
  readonly origins: Readonly<Record<string, Origin>>;
}

/** All that is wrong with what was given, a line each. */
export class ConfigError extends Error {
  readonly code = 'config-invalid';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Variables with the prefix that are no settings: they name the file itself, consent to real money, or steer tests and benches.
 */
const OTHER_ENV = /^UNDERROUND_(CONFIG$|LIVE$|CRASH_|RACE_|TEST_|BENCH_|FUZZ_|LATTICE$|SOAK_)/;

/**
 * Throws ConfigError naming every wrong or unknown key in any source, also one that a stronger source overrides: a file that
 * is wrong today is a surprise tomorrow.
 */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const problems: string[] = [];
  const fileValues = flatten(sources.file, problems);
  checkNames(sources, fileValues, problems);
  const nested: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const setting of SETTINGS) {
    const given = givenValues(setting, sources, fileValues);
    const texts = given.map(({ value, origin }) => checked(setting, value, origin, problems));
    const winner = given[0];
    origins[setting.path] = winner?.origin ?? { from: 'default' };
    if (winner !== undefined) put(nested, setting, texts[0]);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const { profile } = configSchema.parse(nested);
  for (const setting of SETTINGS) {
    const standard = profileDefault(profile, setting.path, sources.env);
    if (standard === undefined || origins[setting.path]?.from !== 'default') continue;
    origins[setting.path] = { from: 'profile', name: profile };
    put(nested, setting, standard);
  }
  const config = withProfileHosts(configSchema.parse(nested));
  refuseConflicts(config);
  return { config, origins };
}

/** Settings that are right by themselves and wrong together. */
function refuseConflicts({ engine, trading }: Config): void {
  if (engine.executors === '1' || trading.legPolicy === 'simultaneous') return;
  throw new ConfigError([
    `settings do not go together: trading.legPolicy=${trading.legPolicy} engine.executors=2; ` +
      'two executors send both legs at once: use --executors 1 or --leg-policy simultaneous',
  ]);
}

interface GivenValue {
  readonly value: unknown;
  readonly origin: Origin;
}

/** What the sources say of one setting, strongest first. */
function givenValues(
  setting: Setting,
  sources: ConfigSources,
  fileValues: ReadonlyMap<string, unknown>,
): GivenValue[] {
  const given: GivenValue[] = [];
  const flag = sources.flags[setting.path];
  if (flag !== undefined) given.push({ value: flag, origin: { from: 'flag', name: setting.flag } });
  const env = sources.env[setting.env];
  if (env !== undefined) given.push({ value: env, origin: { from: 'env', name: setting.env } });
  if (fileValues.has(setting.path)) {
    const name = sources.file?.path ?? '';
    given.push({ value: fileValues.get(setting.path), origin: { from: 'file', name } });
  }
  return given;
}

/** The value as text, or undefined with a problem noted. */
function checked(
  setting: Setting,
  value: unknown,
  origin: Origin,
  problems: string[],
): string | undefined {
  const text = scalarText(value);
  if (text !== undefined && setting.schema.safeParse(text).success) return text;
  const { kind, secret } = setting.facts;
  const mayBeSecret = kind.kind === 'text' && kind.hiddenWhenWrong === true;
  const hidden = secret || mayBeSecret || looksLikeKey(text);
  const shown = hidden ? '(hidden)' : (JSON.stringify(text ?? value ?? '') ?? String(value));
  const allowed = allowedText(kind);
  problems.push(
    `wrong value: key=${setting.path} origin=${originText(origin)} given=${shown} allowed: ${allowed}`,
  );
  return undefined;
}

/** A double's shortest text is the text that was written, for every price a person writes. */
function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}

function looksLikeKey(text: string | undefined): boolean {
  return text !== undefined && /-----BEGIN|^(0x)?[0-9a-fA-F]{64}$/.test(text);
}

function put(nested: Record<string, unknown>, setting: Setting, value: unknown): void {
  if (setting.section === undefined) {
    nested[setting.key] = value;
    return;
  }
  const section = nested[setting.section];
  if (isMap(section)) section[setting.key] = value;
  else nested[setting.section] = { [setting.key]: value };
}

/** File content by path; what has the wrong shape becomes a problem. */
function flatten(file: ConfigSources['file'], problems: string[]): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  const values = file?.values;
  if (file === undefined || values === undefined || values === null) return flat;
  if (!isMap(values)) {
    problems.push(`wrong file: file=${file.path} must hold keys and values`);
    return flat;
  }
  for (const [name, member] of Object.entries(values)) {
    if (!SECTIONS.includes(name)) flat.set(name, member);
    else if (member === null || member === '') continue;
    else if (!isMap(member)) {
      problems.push(`wrong value: key=${name} origin=file ${file.path} allowed: a section of keys`);
    } else {
      for (const [key, value] of Object.entries(member)) flat.set(`${name}.${key}`, value);
    }
  }
  return flat;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkNames(
  sources: ConfigSources,
  fileValues: ReadonlyMap<string, unknown>,
  problems: string[],
): void {
  const paths = SETTINGS.map((setting) => setting.path);
  const envNames = SETTINGS.map((setting) => setting.env);
  const refuse = (name: string, origin: string, known: readonly string[]): void => {
    if (known.includes(name)) return;
    const nearest = nearestKey(name, known);
    const hint = nearest === undefined ? 'see docs/CONFIGURATION.md' : `did you mean ${nearest}?`;
    problems.push(`unknown key: key=${name} origin=${origin}; ${hint}`);
  };
  for (const path of Object.keys(sources.flags)) refuse(path, 'flag', paths);
  for (const path of fileValues.keys()) {
    refuse(
      path,
      `file ${sources.file?.path}`,
      path.includes('.') ? paths : [...paths, ...SECTIONS],
    );
  }
  for (const [name, value] of Object.entries(sources.env)) {
    if (value === undefined || !name.startsWith(ENV_PREFIX) || OTHER_ENV.test(name)) continue;
    refuse(name, 'env', envNames);
  }
}

/** "flag --wait", "env UNDERROUND_ENGINE_WAIT", "file underround.yaml", "profile sim", "default". */
export function originText(origin: Origin): string {
  return origin.from === 'default' ? 'default' : `${origin.from} ${origin.name}`;
}

/** The value of a setting as text, secrets hidden; undefined when it has none. */
export function shownValue(config: Config, setting: Setting): string | undefined {
  const holder: unknown =
    setting.section === undefined ? config : config[setting.section as keyof Config];
  const value = isMap(holder) ? holder[setting.key] : undefined;
  if (value === undefined) return undefined;
  return setting.facts.secret ? '(hidden)' : String(value);
}

const SIGNATURE_TYPES = { '0': 0, '1': 1, '2': 2, '3': 3 } as const;

export interface Machine {
  /** Cores this process may use. */
  readonly cores: number;
}

/** Threads of the engine beside the main one. */
export function engineThreads(engine: Config['engine']): number {
  return (
    engine.kalshiFeeds +
    engine.polymarketFeeds +
    engine.detectors +
    (engine.executors === '2' ? 2 : 1)
  );
}

/** What is settled anew for each run, beside its configuration. */
export interface RunChoices {
  readonly stateDir: string;
  readonly acceptDifferences: boolean;
  /** Orders go nowhere but to the paper exchange, whatever the profile; profile paper implies it. */
  readonly paper?: boolean;
}

/** Throws ConfigError naming what is missing: addresses and keys have no default. */
export function toEngineConfig(
  config: Config,
  machine: Machine,
  { stateDir, acceptDifferences, paper = false }: RunChoices,
): EngineConfig {
  const isPaper = paper || config.profile === 'paper';
  const { kalshi, polymarket, engine, trading, limits } = config;
  const missing: string[] = [];
  const required = (path: string, value: string | undefined): string => {
    if (value === undefined) missing.push(path);
    return value ?? '';
  };
  // A wallet signs real orders: on paper none is needed.
  const ofWallet = (path: string, value: string | undefined) =>
    isPaper ? (value ?? '') : required(path, value);
  const resolved: EngineConfig = {
    profile: config.profile,
    paper: isPaper ? toPaperConfig(config.paper) : undefined,
    stateDir,
    acceptDifferences,
    kalshi: {
      restUrl: required('kalshi.restUrl', kalshi.restUrl),
      wsUrl: required('kalshi.wsUrl', kalshi.wsUrl),
      keyId: required('kalshi.keyId', kalshi.keyId),
      privateKeyPath: required('kalshi.privateKeyPath', kalshi.privateKeyPath),
      dialect: kalshi.dialect,
      useYesPrice: kalshi.useYesPrice,
    },
    polymarket: {
      restUrl: required('polymarket.restUrl', polymarket.restUrl),
      wsUrl: required('polymarket.wsUrl', polymarket.wsUrl),
      chainId: polymarket.chainId,
      privateKeyPath: ofWallet('polymarket.privateKeyPath', polymarket.privateKeyPath),
      signatureType: SIGNATURE_TYPES[polymarket.signatureType],
      funder: ofWallet('polymarket.funder', polymarket.funder),
      exchanges: {
        standard: required('polymarket.standardExchange', polymarket.standardExchange),
        negRisk: required('polymarket.negRiskExchange', polymarket.negRiskExchange),
        ...(polymarket.chainId === POLYGON_CHAIN_ID ? { v3: CONTRACTS.exchangeV3 } : {}),
      },
    },
    pairsPath: required('pairs.path', config.pairs.path),
    kalshiFeeds: engine.kalshiFeeds,
    polymarketFeeds: engine.polymarketFeeds,
    detectors: engine.detectors,
    executors: engine.executors === '2' ? 2 : 1,
    wait: engine.wait === 'auto' ? defaultWait(machine.cores, engineThreads(engine)) : engine.wait,
    keepAwake: engine.keepAwake,
    observe: trading.observe,
    legPolicy: trading.legPolicy,
    minNetMicros: microsOf(trading.minNet),
    maxSizeCenti: parseDecimal(trading.maxSize, SIZE_CENTI_PLACES),
    maxCostMicros: microsOf(trading.maxCost),
    risk: toRiskConfig(config.risk),
    ...limits,
    sinks: toSinksConfig(config.sinks),
  };
  if (missing.length > 0) throw new ConfigError(missing.map(missingProblem));
  return resolved;
}

/** Undefined when nothing is copied anywhere. */
export function toSinksConfig(sinks: Config['sinks']): SinksConfig | undefined {
  const { postgresUrl, postgresPasswordFile, redisUrl, redisPasswordFile } = sinks;
  if (postgresUrl === undefined && redisUrl === undefined) return undefined;
  return { ...sinks, postgresUrl, postgresPasswordFile, redisUrl, redisPasswordFile };
}

function toPaperConfig(paper: Config['paper']): PaperConfig {
  const chanceOf = (text: string) => parseDecimal(text, CHANCE_PLACES);
  return {
    seed: paper.seed,
    latencyMs: [paper.kalshiLatencyMs, paper.polymarketLatencyMs],
    jitterMs: [paper.kalshiJitterMs, paper.polymarketJitterMs],
    chances: {
      rejectE4: chanceOf(paper.rejectRate),
      unknownE4: chanceOf(paper.unknownRate),
      ghostE4: chanceOf(paper.ghostRate),
      partialE4: chanceOf(paper.partialRate),
    },
    confirmMs: paper.confirmMs,
    kalshiOrdersPerSecond: paper.kalshiOrdersPerSecond,
    cashMicros: [microsOf(paper.kalshiCash), microsOf(paper.polymarketCash)],
  };
}

function toRiskConfig(risk: Config['risk']): RiskConfig {
  return {
    maxMarketPositionMicros: microsOf(risk.maxMarketPosition),
    maxTotalPositionMicros: microsOf(risk.maxTotalPosition),
    maxDailyLossMicros: microsOf(risk.maxDailyLoss),
    maxConsecutiveFailures: risk.maxConsecutiveFailures,
    maxNakedMicros: microsOf(risk.maxNaked),
    nakedBudgetMicroSeconds: risk.nakedBudgetDollarSeconds * MICROS_PER_DOLLAR,
    maxLossPerArbMicros: microsOf(risk.maxLossPerArb),
    maxClockSkewMs: risk.maxClockSkewMs,
    minMinutesToClose: risk.minMinutesToClose,
    minPriceE4: parseDecimal(risk.minPrice, PRICE_PLACES),
    maxPriceE4: parseDecimal(risk.maxPrice, PRICE_PLACES),
    mismatchesBeforeRest: risk.mismatchesBeforeRest,
    mismatchRestMs: risk.mismatchRestMs,
    unknownDeadlineMs: risk.unknownDeadlineMs,
  };
}

function microsOf(dollars: string): number {
  return parseDecimal(dollars, MICROS_PLACES);
}

function missingProblem(path: string): string {
  const setting = SETTINGS.find((each) => each.path === path);
  return `missing value: key=${path} set it with ${setting?.flag}, ${setting?.env} or in the file`;
}
