// What a user may set: every key once, with its default, what is allowed and what it means. Flags, environment names, the
// help and docs/CONFIGURATION.md are made from here. It must not know where a value came from.
import { z } from 'zod';
import { formatDecimal, parseDecimal } from '../domain/decimal.js';
import { MICROS_PLACES, PRICE_PLACES, SIZE_CENTI_PLACES } from '../domain/units.js';
import { WAIT_STRATEGIES } from '../shm/wait-strategy.js';
import { hasRightChecksum } from '../venues/polymarket/wire/address.js';

/** The form of a value as text: all sources give text, so that no float ever stands between a person and the engine. */
export type SettingKind =
  | { readonly kind: 'whole'; readonly min: number; readonly max: number }
  | {
      readonly kind: 'decimal';
      readonly places: number;
      readonly min: string;
      readonly max: string;
    }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'boolean' }
  | {
      readonly kind: 'text';
      readonly form: string;
      readonly pattern: RegExp;
      /** What is wrong with it may be that it holds a secret: it is not shown then. */
      readonly hiddenWhenWrong?: true;
    };

export interface SettingFacts {
  readonly meaning: string;
  readonly kind: SettingKind;
  /** As text; undefined when there is none. */
  readonly default: string | undefined;
  /** Never printed, not even when it is wrong. */
  readonly secret: boolean;
}

const facts = new WeakMap<z.ZodType, SettingFacts>();

const TRUE_TEXTS = ['true', 'yes', '1'];
const FALSE_TEXTS = ['false', 'no', '0'];

function register<S extends z.ZodType>(
  schema: S,
  kind: SettingKind,
  meaning: string,
  standard?: string,
  secret = false,
): S {
  facts.set(schema, { meaning, kind, default: standard, secret });
  return schema;
}

function whole(min: number, max: number, standard: number, meaning: string) {
  const schema = wholeText(min, max).prefault(String(standard));
  return register(schema, { kind: 'whole', min, max }, meaning, String(standard));
}

function optionalWhole(min: number, max: number, meaning: string) {
  return register(wholeText(min, max).optional(), { kind: 'whole', min, max }, meaning);
}

function wholeText(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

/** Stays decimal text, in its shortest form; the engine's integers are made from it in toEngineConfig. */
function decimalText(places: number, min: string, max: string) {
  return z
    .string()
    .refine((text) => isDecimalWithin(text, places, min, max))
    .transform((text) => formatDecimal(parseDecimal(text, places), places));
}

function decimal(places: number, min: string, max: string, standard: string, meaning: string) {
  const kind = { kind: 'decimal', places, min, max } as const;
  return register(decimalText(places, min, max).prefault(standard), kind, meaning, standard);
}

function optionalDecimal(places: number, min: string, max: string, meaning: string) {
  const kind = { kind: 'decimal', places, min, max } as const;
  return register(decimalText(places, min, max).optional(), kind, meaning);
}

function isDecimalWithin(text: string, places: number, min: string, max: string): boolean {
  const value = parseDecimal(text, places);
  if (Number.isNaN(value)) return false;
  return value >= parseDecimal(min, places) && value <= parseDecimal(max, places);
}

function choice<const V extends readonly [string, ...string[]]>(
  values: V,
  standard: V[number],
  meaning: string,
) {
  const schema = z.enum(values).prefault(standard);
  return register(schema, { kind: 'choice', values }, meaning, standard);
}

function yesOrNo(standard: boolean, meaning: string) {
  const schema = z
    .enum([...TRUE_TEXTS, ...FALSE_TEXTS])
    .transform((text) => TRUE_TEXTS.includes(text))
    .prefault(String(standard));
  return register(schema, { kind: 'boolean' }, meaning, String(standard));
}

function text(form: string, pattern: RegExp, meaning: string, secret = false) {
  const schema = z.string().regex(pattern).optional();
  return register(schema, { kind: 'text', form, pattern }, meaning, undefined, secret);
}

const HTTP_URL = /^https?:\/\/[^\s/]+\S*$/;
const WS_URL = /^wss?:\/\/[^\s/]+\S*$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const httpUrl = (meaning: string) =>
  text('a URL that starts with http:// or https://', HTTP_URL, meaning);
const wsUrl = (meaning: string) => text('a URL that starts with ws:// or wss://', WS_URL, meaning);
const address = (meaning: string) => {
  const schema = z.string().regex(ADDRESS).refine(hasRightChecksum).optional();
  const form =
    '0x and 40 hexadecimal digits, in small letters or with the capitals of its checksum';
  return register(schema, { kind: 'text', form, pattern: ADDRESS }, meaning, undefined, false);
};

/** A key pasted where its path belongs would end up in every log: key material is refused, and never printed. */
const FILE_PATH = /^(?!.*-----BEGIN)(?!(0x)?[0-9a-fA-F]{64}$)[^\0\n]+$/;
const keyFile = (meaning: string) =>
  text('the path of a file, not the key itself', FILE_PATH, meaning);
const filePath = (meaning: string) => text('the path of a file', /^[^\0\n]+$/, meaning);

/** Neither in front of the host nor among the parameters: settings are printed. */
function urlWithoutPassword(form: string, pattern: RegExp, meaning: string) {
  const schema = z.string().regex(pattern).optional();
  const kind = { kind: 'text', form, pattern, hiddenWhenWrong: true } as const;
  return register(schema, kind, meaning);
}
const POSTGRES_URL =
  /^postgres(ql)?:\/\/([^\s:@/?#]+@)?[^\s@?#]*(\?(?!(.*&)?(\w*password|\w*pass)=)\w+=[^\s@&#]*(&\w+=[^\s@&#]*)*)?$/i;
const REDIS_URL =
  /^rediss?:\/\/([^\s:@/?#]+@)?(\[[0-9a-f:]+\]|[^\s:@/?#]+)(:\d{1,5})?(\/\d{0,3})?$/i;

export const PROFILES = ['sim', 'demo', 'live', 'paper'] as const;
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
const WAIT_CHOICES = ['auto', ...WAIT_STRATEGIES] as const;

const simSection = z.strictObject({
  seed: optionalWhole(0, 4_294_967_295, 'Seed of the simulated market: same seed, same market.'),
  markets: optionalWhole(1, 5000, 'Simulated markets on each exchange, all paired.'),
  rate: optionalDecimal(3, '0.001', '1000', 'Multiplies how often the simulated books move.'),
  divergencesPerSecond: optionalDecimal(
    3,
    '0',
    '10000',
    'How often, over all markets, the simulated exchanges drift apart.',
  ),
  startingCash: whole(
    1,
    1_000_000_000,
    10_000_000,
    'Play money on each simulated exchange, dollars.',
  ),
  replay: filePath('Recorded Kalshi frames to play: a file, a directory, or files with commas.'),
  faults: filePath('YAML file of faults that the simulated exchanges play: docs/FAULTS.md.'),
  controlPort: optionalWhole(
    0,
    65_535,
    "Port of the simulator's control server: truth, accounts, faults on request; 0 takes any free one.",
  ),
});

const kalshiSection = z.strictObject({
  hosts: choice(
    ['external', 'elections'],
    'external',
    'Which of its two sets of addresses profile demo or live uses.',
  ),
  restUrl: httpUrl('REST address, ending in /trade-api/v2.'),
  wsUrl: wsUrl('WebSocket address.'),
  keyId: text('the id of an API key', /^\S+$/, 'Id of the API key.', true),
  privateKeyPath: keyFile("PEM file of the API key's private key, RSA or Ed25519."),
  dialect: choice(
    ['current', 'legacy'],
    'current',
    'legacy: the formats of January 2026, for old recordings and simulators.',
  ),
  useYesPrice: yesOrNo(false, 'Asks for NO levels at YES prices; the book is the same.'),
});

const polymarketSection = z.strictObject({
  restUrl: httpUrl('REST address of the CLOB.'),
  wsUrl: wsUrl('WebSocket address, ending in /ws.'),
  chainId: whole(1, 999_999_999, 137, 'Chain that orders are signed for.'),
  privateKeyPath: keyFile("File with the wallet's private key in hexadecimal."),
  gammaUrl: httpUrl('REST address of the market directory (Gamma).'),
  funder: address('Wallet that holds the money; for signature type 0 the signer itself.'),
  signatureType: choice(
    ['0', '1', '2', '3'],
    '0',
    'Kind of wallet: 0 plain key, 1 proxy, 2 Safe, 3 deposit wallet.',
  ),
  standardExchange: address('Contract that matches standard markets.'),
  negRiskExchange: address('Contract that matches negative-risk markets.'),
});

const engineSection = z.strictObject({
  kalshiFeeds: whole(1, 16, 1, 'Feed workers for Kalshi; markets are split over them.'),
  polymarketFeeds: whole(1, 16, 1, 'Feed workers for Polymarket; markets are split over them.'),
  detectors: whole(1, 16, 1, 'Detector workers; markets are split over them.'),
  executors: choice(['1', '2'], '1', '1: one worker sends both legs. 2: one worker an exchange.'),
  wait: choice(
    WAIT_CHOICES,
    'auto',
    'How detectors wait for work; auto: hybrid when there are cores to spare, else block.',
  ),
  keepAwake: yesOrNo(
    false,
    'A thread a core that runs when nothing else does, so that no core sleeps: orders leave sooner, power is spent. Linux, needs chrt.',
  ),
});

const tradingSection = z.strictObject({
  minNet: decimal(
    MICROS_PLACES,
    '0.000001',
    '10000',
    '0.02',
    'Least dollars net of fees that an arbitrage must lock in.',
  ),
  maxSize: decimal(SIZE_CENTI_PLACES, '0.01', '100000', '100', 'Most contracts of one arbitrage.'),
  maxCost: decimal(
    MICROS_PLACES,
    '0.01',
    '1000000',
    '100',
    'Most dollars that both legs of one arbitrage may cost together.',
  ),
  observe: yesOrNo(false, 'Detect and record, send no order.'),
  legPolicy: choice(
    ['simultaneous', 'polymarket-first', 'kalshi-first'],
    'simultaneous',
    'Which leg is sent first; the later one is sized by what the first has filled. Other than simultaneous needs one executor.',
  ),
});

/** What the purses of shared memory hold at most is a little more. */
const MAX_DOLLARS = '20000000';
/** A limit of 0 dollars is none: whoever wants no order asks to observe. */
const dollarLimit = (standard: string, meaning: string) =>
  decimal(MICROS_PLACES, '0.01', MAX_DOLLARS, standard, meaning);

const riskSection = z.strictObject({
  maxMarketPosition: dollarLimit('200', 'Most dollars spent on the positions of one pair.'),
  maxTotalPosition: dollarLimit('1000', 'Most dollars spent on all positions together.'),
  maxDailyLoss: dollarLimit(
    '50',
    'Dollars lost since 00:00 UTC at which nothing more is opened that day.',
  ),
  maxConsecutiveFailures: whole(
    1,
    1_000_000,
    10,
    'Failed arbitrages in a row at which nothing more is opened until it is re-armed.',
  ),
  maxNaked: dollarLimit(
    '100',
    'Dollars in contracts without their other leg at which nothing more is opened.',
  ),
  nakedBudgetDollarSeconds: whole(
    1,
    1_000_000_000,
    3_000,
    'Dollars times seconds that a pair may be without its other leg; then its market stops and an alarm is raised.',
  ),
  maxLossPerArb: decimal(
    MICROS_PLACES,
    '0',
    '1000000',
    '5',
    'Most dollars given up to even out one arbitrage whose legs did not match.',
  ),
  maxClockSkewMs: whole(
    1,
    3_600_000,
    5_000,
    "Difference of an exchange's clock from ours at which nothing is opened there.",
  ),
  minMinutesToClose: whole(0, 525_600, 10, 'Nothing is opened so shortly before a market closes.'),
  // Their ranges meet: no lowest price is above a highest one.
  minPrice: decimal(PRICE_PLACES, '0.0001', '0.5', '0.01', 'Lowest price that a leg may pay.'),
  maxPrice: decimal(PRICE_PLACES, '0.5', '0.9999', '0.99', 'Highest price that a leg may pay.'),
  mismatchesBeforeRest: whole(
    1,
    1_000,
    3,
    'Arbitrages of a pair whose legs did not match before the pair rests.',
  ),
  mismatchRestMs: whole(0, 86_400_000, 300_000, 'That rest.'),
  unknownDeadlineMs: whole(
    100,
    86_400_000,
    60_000,
    'An outcome that is unknown for so long raises an alarm; its pair stays held.',
  ),
});

/** Chances in 1/10,000. */
export const CHANCE_PLACES = 4;

const limitsSection = z.strictObject({
  maxSilenceMs: whole(50, 600_000, 1_500, 'A connection silent for longer is not trusted.'),
  maxLagMs: whole(
    1,
    600_000,
    500,
    'A frame so much later than the quickest ones is not traded on.',
  ),
  refireMs: whole(0, 3_600_000, 50, 'Rest of a pair after an arbitrage has settled.'),
  oneLeggedRestMs: whole(0, 86_400_000, 60_000, 'Rest of a pair after only one leg filled.'),
  refusedRestMs: whole(
    0,
    86_400_000,
    60_000,
    'Rest of a pair after an exchange has refused an order because of the market.',
  ),
  venueClosedRestMs: whole(
    0,
    86_400_000,
    120_000,
    'Rest of all pairs after Polymarket has said that it restarts or takes no takers.',
  ),
  orderTimeoutMs: whole(
    100,
    60_000,
    5_000,
    'An order unanswered for so long has an unknown outcome: looked up, never sent again.',
  ),
  requestTimeoutMs: whole(100, 60_000, 10_000, 'Time limit of every other request.'),
  orderConnections: whole(1, 64, 8, "Warm connections to each exchange's order endpoint."),
});

const sinksSection = z.strictObject({
  postgresUrl: urlWithoutPassword(
    'a URL that starts with postgres:// or postgresql://, without a password',
    POSTGRES_URL,
    'PostgreSQL that what is in the journal is copied to, and TimescaleDB where that is installed: docs/SINKS.md.',
  ),
  postgresPasswordFile: filePath(
    'File that holds the password for it; without one PGPASSWORD or ~/.pgpass.',
  ),
  redisUrl: urlWithoutPassword(
    'a URL that starts with redis:// or rediss://, without a password',
    REDIS_URL,
    'Redis that the audit trail is copied to, as a stream.',
  ),
  redisPasswordFile: filePath('File that holds the password for it; without one REDISCLI_AUTH.'),
  batchRows: whole(
    1,
    10_000,
    2_000,
    'Changes of the journal that are copied in one transaction at the most.',
  ),
  redisStreamLength: whole(100, 1_000_000_000, 100_000, 'Entries that a stream keeps, about.'),
  redisPrices: yesOrNo(false, 'Publishes prices on the Redis channel underround:prices.'),
  redisSignals: yesOrNo(false, 'Publishes decisions on the Redis channel underround:signals.'),
  pricesPerSecond: whole(1, 100, 4, 'Messages of prices a second at the most.'),
});

const logSection = z.strictObject({
  level: choice(LOG_LEVELS, 'info', 'Least level that is printed; debug adds stack traces.'),
  levels: text(
    'part=level, with commas between',
    /^[a-z]+=(debug|info|warn|error)(,[a-z]+=(debug|info|warn|error))*$/,
    'Levels of single parts, over log.level: engine, feeds, executor, desk, accounts, sinks, alerts, control, cli.',
  ),
  file: filePath(
    'Also writes the log as JSON, a line an event: engine.log becomes engine.1.log, engine.2.log and so on.',
  ),
  maxFileMegabytes: whole(1, 10_000, 50, 'Size at which the next log file is begun.'),
  maxFiles: whole(2, 1_000, 10, 'Log files that are kept; older ones are removed.'),
});

const ALERT_LEVELS = ['info', 'warn', 'error'] as const;
const alertLevel = (target: string) =>
  choice(ALERT_LEVELS, 'info', `Least level of an alert that ${target} gets.`);

/** Whoever has one of these addresses may write there: they are secrets, and a setting holds the path of a file with it. */
const alertsSection = z.strictObject({
  webhookUrlFile: filePath('File with the URL that gets alerts as plain JSON.'),
  webhookLevel: alertLevel('the webhook'),
  slackUrlFile: filePath('File with the URL of an incoming webhook of Slack.'),
  slackLevel: alertLevel('Slack'),
  discordUrlFile: filePath('File with the URL of a webhook of Discord.'),
  discordLevel: alertLevel('Discord'),
  telegramTokenFile: filePath('File with the token of a Telegram bot.'),
  telegramChat: text(
    'the number of a chat, or @ and the name of a channel',
    /^(-?\d{1,20}|@\w{4,64})$/,
    'Chat that the bot writes to.',
  ),
  telegramLevel: alertLevel('Telegram'),
  telegramUrl: httpUrl(
    'Address of a Bot API server of your own, in the place of api.telegram.org.',
  ),
  mute: text(
    'names of events, with commas between',
    /^[a-z-]+(,[a-z-]+)*$/,
    'Events that call nobody: docs/METRICS.md has all names.',
  ),
  perMinute: whole(
    1,
    600,
    20,
    'Messages that one target gets in a minute at the most; one may carry ten alerts.',
  ),
  repeatMs: whole(
    0,
    86_400_000,
    300_000,
    'The same alert again within this is told once at its end, with how often it came.',
  ),
  feedDownMs: whole(1_000, 3_600_000, 10_000, 'A feed that is down for so long is an alert.'),
  timeoutMs: whole(100, 60_000, 5_000, 'An attempt that takes longer has failed.'),
  flushMs: whole(0, 60_000, 1_500, 'At the end of a run the last alerts may take so long.'),
});

const metricsSection = z.strictObject({
  cacheMs: whole(
    0,
    60_000,
    250,
    'Whoever asks for the metrics again within this gets the same text.',
  ),
});

const chance = (standard: string, meaning: string) =>
  decimal(CHANCE_PLACES, '0', '1', standard, meaning);

const paperSection = z.strictObject({
  seed: whole(0, 4_294_967_295, 1, 'Seed of what chance does to paper orders.'),
  kalshiCash: dollarLimit('1000', 'Paper money on Kalshi, shared evenly by its shards, dollars.'),
  polymarketCash: dollarLimit('1000', 'Paper money on Polymarket, dollars.'),
  kalshiOrdersPerSecond: whole(
    1,
    10_000,
    10,
    'Most paper orders a second on Kalshi; its Basic tier takes 10.',
  ),
  kalshiLatencyMs: whole(0, 60_000, 60, 'From the write of a paper order to Kalshi to its match.'),
  polymarketLatencyMs: whole(
    0,
    60_000,
    120,
    'From the write of a paper order to Polymarket to its match.',
  ),
  kalshiJitterMs: whole(0, 60_000, 40, 'Up to so much more, by the seed.'),
  polymarketJitterMs: whole(0, 60_000, 80, 'Up to so much more, by the seed.'),
  confirmMs: whole(0, 600_000, 3_000, 'Until a Polymarket trade is final, or fails.'),
  rejectRate: chance('0.01', 'Share of paper orders that are refused.'),
  unknownRate: chance('0.005', 'Share whose reply is lost; half of them were never matched.'),
  ghostRate: chance(
    '0.005',
    'Share that ghosts: on Polymarket the trade fails after the reply said filled, on Kalshi the reply is lost and nothing was matched.',
  ),
  partialRate: chance('0.05', 'Share that gets only a part of what it could: others were quicker.'),
});

/** Input: text by section and key. Output: what it means. Unknown keys are refused. */
export const configSchema = z.strictObject({
  profile: choice(
    PROFILES,
    'sim',
    'Which exchanges. sim: simulated ones, with play money. live: the real ones, with real money; it needs --live besides. ' +
      'paper: the real ones, with orders on paper. ' +
      'demo: Kalshi for practice; Polymarket has none, its addresses have to be given.',
  ),
  kalshi: kalshiSection.prefault({}),
  polymarket: polymarketSection.prefault({}),
  pairs: z.strictObject({ path: filePath('YAML file of the approved pairs.') }).prefault({}),
  engine: engineSection.prefault({}),
  trading: tradingSection.prefault({}),
  risk: riskSection.prefault({}),
  limits: limitsSection.prefault({}),
  state: z
    .strictObject({
      dir: text(
        'the path of a directory',
        /^[^\0\n]+$/,
        'Directory of the journal, the kill switch and what else outlasts the process. ' +
          'Without it: $XDG_STATE_HOME/underround/PROFILE, or ~/.local/state/underround/PROFILE; ' +
          'in profile sim underround-state beside the file of --attach, else one that ends with the simulated exchanges.',
      ),
    })
    .prefault({}),
  ui: text(
    'HOST:PORT',
    /^[^\s]{1,80}:\d{1,5}$/,
    'Address of the live page, such as 127.0.0.1:8080. Another than loopback lets others in: then reads need the token too.',
  ),
  sinks: sinksSection.prefault({}),
  sim: simSection.prefault({}),
  paper: paperSection.prefault({}),
  log: logSection.prefault({}),
  alerts: alertsSection.prefault({}),
  metrics: metricsSection.prefault({}),
});

export type Config = z.output<typeof configSchema>;

export interface Setting {
  /** "engine.kalshiFeeds". */
  readonly path: string;
  /** Undefined for a key at the top. */
  readonly section: string | undefined;
  readonly key: string;
  /** "--kalshi-feeds". */
  readonly flag: string;
  /** "UNDERROUND_ENGINE_KALSHI_FEEDS". */
  readonly env: string;
  readonly facts: SettingFacts;
  readonly schema: z.ZodType;
}

export const ENV_PREFIX = 'UNDERROUND_';

/** Sections whose keys say enough by themselves; the others' flags carry the section's name. */
const PLAIN_FLAG_SECTIONS = new Set(['engine', 'trading', 'risk', 'limits', 'sim']);

/** Every setting, in the order of the schema. */
export const SETTINGS: readonly Setting[] = Object.entries(configSchema.shape).flatMap(
  ([name, member]) => {
    const own = facts.get(member);
    if (own !== undefined) return [setting(undefined, name, member, own)];
    const section: z.ZodType =
      member instanceof z.ZodPrefault ? (member.unwrap() as z.ZodType) : member;
    if (!(section instanceof z.ZodObject)) throw new Error(`not a section: name=${name}`);
    return Object.entries(section.shape as Record<string, z.ZodType>).map(([key, leaf]) => {
      const leafFacts = facts.get(leaf);
      if (leafFacts === undefined) throw new Error(`setting without facts: key=${name}.${key}`);
      return setting(name, key, leaf, leafFacts);
    });
  },
);

/** Names of the sections, in the order of the schema. */
export const SECTIONS: readonly string[] = [
  ...new Set(SETTINGS.flatMap((each) => (each.section === undefined ? [] : [each.section]))),
];

function setting(
  section: string | undefined,
  key: string,
  schema: z.ZodType,
  settingFacts: SettingFacts,
): Setting {
  const words = section === undefined || PLAIN_FLAG_SECTIONS.has(section) ? [key] : [section, key];
  const all = section === undefined ? [key] : [section, key];
  return {
    path: all.join('.'),
    section,
    key,
    flag: `--${words.map((word) => hyphenated(word)).join('-')}`,
    env: `${ENV_PREFIX}${all.map((word) => hyphenated(word)).join('-')}`
      .replaceAll('-', '_')
      .toUpperCase(),
    facts: settingFacts,
    schema,
  };
}

/** "kalshiFeeds" becomes "kalshi-feeds". */
export function hyphenated(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What a person may write for a setting: "a whole number from 1 to 16". */
export function allowedText(kind: SettingKind): string {
  switch (kind.kind) {
    case 'whole':
      return `a whole number from ${kind.min} to ${kind.max}`;
    case 'decimal':
      return `a decimal from ${kind.min} to ${kind.max} with at most ${kind.places} places`;
    case 'choice':
      return kind.values.join(' | ');
    case 'boolean':
      return 'true | false';
    case 'text':
      return kind.form;
    default:
      return kind satisfies never;
  }
}
