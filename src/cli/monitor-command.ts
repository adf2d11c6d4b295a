// `underround monitor`: one market of one exchange as it comes over the wire, live. Never sends an order.
import type { WriteStream } from 'node:tty';
import { Command } from 'commander';
import { RestClient } from '../net/rest-client.js';
import type { Config } from '../runtime/config-schema.js';
import {
  marketOfCondition,
  marketOfSlug,
  marketOfToken,
  type PolymarketIds,
} from '../runtime/market-lookup.js';
import { MarketMonitor } from '../runtime/market-monitor.js';
import { createClock } from '../runtime/monotonic-clock.js';
import type { Watch } from '../runtime/watched-feeds.js';
import { parseDuration } from './duration.js';
import { type ExchangeAccess, type ReadVenue, required, withExchange } from './exchange-access.js';
import { EXIT_FAILURE, EXIT_GOOD, type ExitCode, printable, UsageError } from './exit-codes.js';
import { MonitorOutput } from './monitor-output.js';
import { addReadFlags, textOption, venueOf } from './read-flags.js';
import type { RunCommandParts } from './run-command.js';
import { RunEnd } from './run-end.js';
import { wantsColour } from './run-output.js';
import { configOf } from './setting-flags.js';
import { kalshiWatch, marketNames } from './watched-markets.js';

const EXAMPLES = `
Kalshi wants --ticker; Polymarket one of --slug, --token and --condition. Without addresses of your own it starts simulated
exchanges, and without a name it takes their first market. It reads only. On a terminal the picture is live; otherwise it
is a line a second.

Exit codes: 0 it watched, also when Ctrl-C or SIGTERM ended it; 1 there is no such market, or the exchanges could not be
started or died; 2 wrong flags or configuration.

Examples:
  $ underround monitor --venue kalshi                                    first market of a simulated exchange
  $ underround monitor --venue kalshi --profile live --ticker KXFED-26DEC-T4.00
  $ underround monitor --venue polymarket --profile live --slug fed-decision-in-december --duration 5m
  $ underround monitor --venue kalshi --raw --duration 10s               each frame as it came
  $ underround monitor --venue polymarket --json | jq .spreadE4
`;

/** Four times a second on a terminal is calm; a line a second elsewhere. */
const FRAME_EVERY_MS = 250;
const LINE_EVERY_MS = 1_000;

interface MonitorWish {
  readonly venue: ReadVenue;
  readonly ticker: string | undefined;
  readonly slug: string | undefined;
  readonly token: string | undefined;
  readonly condition: string | undefined;
  readonly form: 'live' | 'lines' | 'raw' | 'json';
  readonly durationMs: number | undefined;
}

export function monitorCommand(parts: RunCommandParts): Command {
  const command = new Command('monitor')
    .description('watch one market of an exchange: frames, book, trust, latency')
    .option('--ticker <ticker>', 'Kalshi market')
    .option('--slug <slug>', 'Polymarket market, looked up at Gamma')
    .option('--token <id>', 'Polymarket market, by one of its tokens')
    .option('--condition <id>', 'Polymarket market, by its condition id')
    .option('--raw', 'print each frame as a line')
    .option('--json', 'print one JSON object a second')
    .option('--plain', 'lines instead of the live view, also on a terminal')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Record<string, unknown>) => {
      const wish = wishOf(options);
      const { config } = configOf(options, process.env);
      parts.ended(await monitor(wish, config, parts.mainPath));
    });
  return addReadFlags(command);
}

const NAMES_OF_VENUE: Readonly<Record<ReadVenue, readonly string[]>> = {
  kalshi: ['ticker'],
  polymarket: ['slug', 'token', 'condition'],
};

function wishOf(options: Record<string, unknown>): MonitorWish {
  const venue = venueOf(options);
  const given = Object.values(NAMES_OF_VENUE)
    .flat()
    .filter((name) => options[name] !== undefined);
  for (const name of given) {
    if (NAMES_OF_VENUE[venue].includes(name)) continue;
    throw new UsageError(`--${name} is not for --venue ${venue}`);
  }
  if (given.length > 1)
    throw new UsageError(`one market: give only one of --${given.join(', --')}`);
  const duration = textOption(options, 'duration');
  return {
    venue,
    ticker: textOption(options, 'ticker'),
    slug: textOption(options, 'slug'),
    token: textOption(options, 'token'),
    condition: textOption(options, 'condition'),
    form: formOf(options),
    durationMs: duration === undefined ? undefined : parseDuration(duration),
  };
}

function formOf({ raw, json, plain }: Record<string, unknown>): MonitorWish['form'] {
  if (raw === true && json === true) throw new UsageError('give --raw or --json, not both');
  if (raw === true) return 'raw';
  if (json === true) return 'json';
  const isTerminal = process.stdout.isTTY && process.env.TERM !== 'dumb';
  return plain !== true && isTerminal ? 'live' : 'lines';
}

interface Found {
  readonly watch: Watch;
  /** For the title. */
  readonly name: string;
  readonly url: string;
}

async function monitor(wish: MonitorWish, config: Config, mainPath: string): Promise<ExitCode> {
  const end = new RunEnd();
  const options = { venue: wish.venue, config, mainPath };
  const code = await withExchange(options, end, async (access) => {
    const found = await findMarket(wish, access, config.limits.requestTimeoutMs);
    return watchUntilEnd(wish, found, config, end);
  });
  return code ?? EXIT_GOOD;
}

async function findMarket(
  wish: MonitorWish,
  access: ExchangeAccess,
  timeoutMs: number,
): Promise<Found> {
  if (wish.venue === 'kalshi') {
    const ticker = wish.ticker ?? firstName(wish.venue, '--ticker', access);
    const { useYesPrice } = access.kalshi;
    const watch = kalshiWatch(access, [ticker], useYesPrice);
    return { watch, name: ticker, url: watch.wsUrl };
  }
  const { polymarket } = access;
  const [wsUrl, restUrl] = required(
    ['polymarket.wsUrl', 'polymarket.restUrl'],
    [polymarket.wsUrl, polymarket.restUrl],
  );
  const rest = new RestClient(restUrl, timeoutMs);
  try {
    const market = await findIds(wish, rest, access, restUrl, timeoutMs);
    const watch: Watch = { venue: 'polymarket', wsUrl, markets: [market] };
    return { watch, name: wish.slug ?? market.conditionId, url: wsUrl };
  } finally {
    await rest.close();
  }
}

function findIds(
  { slug, token, condition }: MonitorWish,
  rest: RestClient,
  access: ExchangeAccess,
  restUrl: string,
  timeoutMs: number,
): Promise<PolymarketIds> {
  if (slug !== undefined) {
    return marketOfSlug(access.polymarket.gammaUrl ?? `${restUrl}/gamma`, slug, timeoutMs);
  }
  if (token !== undefined) return marketOfToken(rest, token);
  const names = '--slug, --token or --condition';
  return marketOfCondition(rest, condition ?? firstName('polymarket', names, access));
}

/** Of the pairs, when nothing was asked for. */
function firstName(venue: ReadVenue, flags: string, access: ExchangeAccess): string {
  if (access.pairsPath === undefined) throw new UsageError(`which market? give ${flags}`);
  return marketNames(venue, { names: undefined, pairsPath: undefined }, access)[0]!;
}

async function watchUntilEnd(
  wish: MonitorWish,
  found: Found,
  config: Config,
  end: RunEnd,
): Promise<ExitCode> {
  const isRaw = wish.form === 'raw';
  const clock = createClock(process.hrtime());
  const monitoring = new MarketMonitor({
    watch: found.watch,
    limits: config.limits,
    clock,
    frame: (text) => {
      if (isRaw) process.stdout.write(`${new Date().toISOString()} ${printable(text).trim()}\n`);
    },
  });
  const title = [wish.venue, found.name, found.url];
  const colour = wantsColour(process.stdout, process.env);
  const output = new MonitorOutput(process.stdout as WriteStream, wish.form, title, colour);
  output.open(wish.durationMs);
  const show = (): void => output.show(monitoring);
  const timer = setInterval(show, wish.form === 'live' ? FRAME_EVERY_MS : LINE_EVERY_MS);
  if (wish.durationMs !== undefined) end.after(wish.durationMs);
  const reason = await end.reason;
  clearInterval(timer);
  end.close();
  output.close(monitoring);
  monitoring.close();
  if (reason.kind !== 'exchange-died') return EXIT_GOOD;
  process.stderr.write(`error: the exchanges died: ${printable(reason.words)}\n`);
  return EXIT_FAILURE;
}
