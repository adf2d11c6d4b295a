// `underround stress`: bursts of reads against an exchange's rate limits, and what the guards make of them. Never sends an order.
import { Command, Option } from 'commander';
import { RestClient } from '../net/rest-client.js';
import type { Config } from '../runtime/config-schema.js';
import { marketOfCondition } from '../runtime/market-lookup.js';
import { createClock } from '../runtime/monotonic-clock.js';
import { loadPairs } from '../runtime/pairs.js';
import { MAX_BURST, StressRun, type StressTarget } from '../runtime/stress-run.js';
import {
  kalshiBalanceTarget,
  kalshiMarketsTarget,
  polymarketBookTarget,
  polymarketOrdersTarget,
  withLimits,
} from '../runtime/stress-targets.js';
import { parseDuration } from './duration.js';
import { type ExchangeAccess, type ReadVenue, required, withExchange } from './exchange-access.js';
import { EXIT_FAILURE, EXIT_GOOD, type ExitCode, UsageError } from './exit-codes.js';
import { addReadFlags, textOption, venueOf, wholeNumber } from './read-flags.js';
import type { RunCommandParts } from './run-command.js';
import { RunEnd } from './run-end.js';
import { LineOutput, wantsColour } from './run-output.js';
import { configOf } from './setting-flags.js';
import { isGoodStress, stressJson, stressLine, stressText } from './stress-text.js';

const EXAMPLES = `
Reads only: Kalshi's GET /portfolio/balance (or /markets), Polymarket's GET /book (or /data/orders). Without addresses of
your own it starts simulated exchanges whose limits are those of --kalshi-tier and --polymarket-per-second.

Exit codes: 0 every request got its answer and the breaker stayed closed; 1 a request got none, or the breaker opened;
2 wrong flags or configuration.

Examples:
  $ underround stress --venue kalshi --burst 50                    paced by our own count of the tokens
  $ underround stress --venue kalshi --burst 100 --no-pacing       429s, and waits of 4, 8, 16 ... s
  $ underround stress --venue polymarket --burst 200 --rounds 5
  $ underround stress --venue kalshi --profile live --burst 20 --duration 1m --json
`;

const ENDPOINTS = ['balance', 'markets', 'book', 'orders'] as const;
type Endpoint = (typeof ENDPOINTS)[number];
const OF_VENUE: Readonly<Record<ReadVenue, readonly Endpoint[]>> = {
  kalshi: ['balance', 'markets'],
  polymarket: ['book', 'orders'],
};
const LINE_EVERY_MS = 1_000;

interface StressWish {
  readonly venue: ReadVenue;
  readonly endpoint: Endpoint;
  readonly burst: number;
  /** Infinity when only the duration ends it. */
  readonly rounds: number;
  readonly durationMs: number | undefined;
  readonly isPaced: boolean;
  /** Requests a second that we allow ourselves instead of the exchange's limit. */
  readonly perSecond: number | undefined;
  readonly tokenId: string | undefined;
  readonly json: boolean;
  readonly simArgs: readonly string[];
}

export function stressCommand(parts: RunCommandParts): Command {
  const command = new Command('stress')
    .description("bursts of reads against an exchange's rate limits")
    .addOption(
      new Option('--burst <n>', 'requests that are made at once')
        .default(50)
        .argParser(wholeNumber(1, MAX_BURST)),
    )
    .addOption(
      new Option(
        '--rounds <n>',
        'bursts, one after the other (default: 1, or until --duration)',
      ).argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(
      new Option('--endpoint <name>', 'what is asked for (default: balance, book)').choices(
        ENDPOINTS,
      ),
    )
    .option('--token <id>', "Polymarket token whose book is asked for (default: a pair's)")
    .option('--no-pacing', 'send each burst without counting tokens, to meet the 429s')
    .addOption(
      new Option('--per-second <n>', "requests a second instead of the exchange's limit").argParser(
        wholeNumber(1, 1_000_000),
      ),
    )
    .option('--json', 'print the summary as one JSON object, alone on standard output')
    .option('--kalshi-tier <name>', 'limits of the simulated Kalshi', 'basic')
    .addOption(
      new Option('--polymarket-per-second <n>', 'limit of the simulated Polymarket')
        .default(150)
        .argParser(wholeNumber(1, 1_000_000)),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (options: Record<string, unknown>) => {
      const wish = wishOf(options);
      const { config } = configOf(options, process.env);
      parts.ended(await stress(wish, config, parts.mainPath));
    });
  return addReadFlags(command);
}

function wishOf(options: Record<string, unknown>): StressWish {
  const venue = venueOf(options);
  const endpoint = (textOption(options, 'endpoint') ?? OF_VENUE[venue][0]) as Endpoint;
  if (!OF_VENUE[venue].includes(endpoint)) {
    throw new UsageError(
      `wrong value: origin=flag --endpoint given="${endpoint}" allowed: ${OF_VENUE[venue].join(' | ')}`,
    );
  }
  const duration = textOption(options, 'duration');
  const unlimited = duration === undefined ? 1 : Number.POSITIVE_INFINITY;
  const limits = {
    '--kalshi-tier': options.kalshiTier,
    '--polymarket-per-second': options.polymarketPerSecond,
  };
  return {
    venue,
    endpoint,
    burst: Number(options.burst),
    rounds: options.rounds === undefined ? unlimited : Number(options.rounds),
    durationMs: duration === undefined ? undefined : parseDuration(duration),
    isPaced: options.pacing !== false,
    perSecond: options.perSecond === undefined ? undefined : Number(options.perSecond),
    tokenId: textOption(options, 'token'),
    json: options.json === true,
    simArgs: Object.entries(limits).flatMap(([flag, value]) => [flag, String(value)]),
  };
}

async function stress(wish: StressWish, config: Config, mainPath: string): Promise<ExitCode> {
  const end = new RunEnd();
  const options = { venue: wish.venue, config, mainPath, simArgs: wish.simArgs };
  const code = await withExchange(options, end, async (access) => {
    const clock = createClock(process.hrtime());
    const target = await targetOf(wish, access, config.limits.requestTimeoutMs, clock);
    return stressTarget(wish, target, config, clock, end);
  });
  return code ?? EXIT_GOOD;
}

async function targetOf(
  wish: StressWish,
  access: ExchangeAccess,
  timeoutMs: number,
  clock: ReturnType<typeof createClock>,
): Promise<StressTarget> {
  const known = await knownTarget(wish, access, timeoutMs, clock);
  if (!wish.isPaced) return withLimits(known, undefined);
  if (wish.perSecond === undefined) return known;
  const tokens = wish.perSecond * known.call.cost;
  return withLimits(known, { capacity: tokens, perSecond: tokens });
}

async function knownTarget(
  { endpoint, tokenId }: StressWish,
  access: ExchangeAccess,
  timeoutMs: number,
  clock: ReturnType<typeof createClock>,
): Promise<StressTarget> {
  const { kalshi, polymarket } = access;
  switch (endpoint) {
    case 'markets': {
      const [restUrl] = required(['kalshi.restUrl'], [kalshi.restUrl]);
      return kalshiMarketsTarget(restUrl, timeoutMs);
    }
    case 'balance': {
      const [restUrl, keyId, privateKeyPath] = required(
        ['kalshi.restUrl', 'kalshi.keyId', 'kalshi.privateKeyPath'],
        [kalshi.restUrl, kalshi.keyId, kalshi.privateKeyPath],
      );
      return kalshiBalanceTarget({ restUrl, keyId, privateKeyPath }, timeoutMs, clock);
    }
    case 'book': {
      const [restUrl] = required(['polymarket.restUrl'], [polymarket.restUrl]);
      const token = tokenId ?? (await tokenOfFirstPair(access.pairsPath, restUrl, timeoutMs));
      return polymarketBookTarget(restUrl, token, timeoutMs);
    }
    case 'orders': {
      const [restUrl, privateKeyPath] = required(
        ['polymarket.restUrl', 'polymarket.privateKeyPath'],
        [polymarket.restUrl, polymarket.privateKeyPath],
      );
      const { chainId } = polymarket;
      return polymarketOrdersTarget({ restUrl, privateKeyPath, chainId }, timeoutMs, clock);
    }
    default:
      return endpoint satisfies never;
  }
}

async function tokenOfFirstPair(
  pairsPath: string | undefined,
  restUrl: string,
  timeoutMs: number,
): Promise<string> {
  if (pairsPath === undefined)
    throw new UsageError('no token: give --token ID or --pairs-path FILE');
  const rest = new RestClient(restUrl, timeoutMs);
  try {
    const { tokenIds } = await marketOfCondition(rest, loadPairs(pairsPath)[0]!.conditionId);
    return tokenIds[0];
  } finally {
    await rest.close();
  }
}

async function stressTarget(
  wish: StressWish,
  target: StressTarget,
  config: Config,
  clock: ReturnType<typeof createClock>,
  end: RunEnd,
): Promise<ExitCode> {
  const human = wish.json ? process.stderr : process.stdout;
  const output = new LineOutput(human, config.log.level);
  const run = new StressRun(target, clock);
  const pacing =
    target.limits === undefined ? 'no pacing' : `paced at ${target.limits.perSecond} tokens/s`;
  output.open([`GET ${target.baseUrl}${target.call.path}`, `bursts of ${wish.burst}`, pacing]);
  const tell = () =>
    output.event({ level: 'info', event: 'status', text: stressLine(run.status()), facts: {} });
  const timer = setInterval(tell, LINE_EVERY_MS);
  if (wish.durationMs !== undefined) end.after(wish.durationMs);
  const rounds = async (): Promise<void> => {
    for (let round = 0; round < wish.rounds && !end.signal.aborted; round++) {
      await run.burst(wish.burst);
    }
  };
  const working = rounds();
  await Promise.race([working, end.reason]);
  clearInterval(timer);
  end.close();
  const status = run.status();
  await run.close();
  // What was cut by the end is not told of.
  await working;
  human.write(`\n${stressText(status, wantsColour(human, process.env))}\n`);
  if (wish.json) process.stdout.write(`${stressJson(status)}\n`);
  return isGoodStress(status) ? EXIT_GOOD : EXIT_FAILURE;
}
