// `underround record`: raw frames of one exchange into files that a replay reads. Never sends an order.
import { Command, Option } from 'commander';
import type { Clock } from '../domain/clock.js';
import type { Config } from '../runtime/config-schema.js';
import { FrameRecorder, type RecorderFigures } from '../runtime/frame-recorder.js';
import { createClock } from '../runtime/monotonic-clock.js';
import { RecordingWriter } from '../runtime/recording-writer.js';
import type { Watch } from '../runtime/watched-feeds.js';
import { parseDuration } from './duration.js';
import { type ExchangeAccess, type ReadVenue, withExchange } from './exchange-access.js';
import { EXIT_FAILURE, EXIT_GOOD, type ExitCode, UsageError } from './exit-codes.js';
import { clockText, countText } from './number-text.js';
import { addReadFlags, listOption, textOption, venueOf, wholeNumber } from './read-flags.js';
import type { RunCommandParts } from './run-command.js';
import { type EndReason, endText, RunEnd } from './run-end.js';
import { LineOutput } from './run-output.js';
import { configOf } from './setting-flags.js';
import { kalshiWatch, marketNames, polymarketWatch } from './watched-markets.js';

const EXAMPLES = `
Each frame is a line {"recv_ms","recv_ns","venue","connection","event"}: wall clock, monotonic clock, and the frame as it
came. Files are gzip, their names sort by time, and nothing is overwritten. What was written up to the last quarter of a
second is readable even after kill -9. \`underround sim --replay DIR\` plays it again.

Exit codes: 0 it recorded, also when Ctrl-C or SIGTERM ended it; 1 the disk failed, the exchanges could not be started or
died; 2 wrong flags or configuration.

Examples:
  $ underround record --venue kalshi --out recordings --duration 1h                 all markets of a simulated exchange
  $ underround record --venue kalshi --profile live --tickers KXFED-26DEC-T4.00,KXFED-26DEC-T4.25 --out recordings
  $ underround record --venue polymarket --profile live --pairs pairs.yaml --out recordings --rotate 1h
`;

const BYTES_PER_MB = 1024 * 1024;
const FIGURES_EVERY_MS = 5_000;

interface RecordWish {
  readonly venue: ReadVenue;
  readonly out: string;
  readonly names: readonly string[] | undefined;
  readonly pairsPath: string | undefined;
  readonly durationMs: number | undefined;
  readonly rotateBytes: number;
  readonly rotateMs: number;
}

export function recordCommand(parts: RunCommandParts): Command {
  const command = new Command('record')
    .description('record raw frames of an exchange, for replay')
    .requiredOption('--out <directory>', 'where the files are written; made if it is not there')
    .option('--tickers <list>', 'Kalshi tickers, separated by commas')
    .option('--conditions <list>', 'Polymarket condition ids, separated by commas')
    .option('--pairs <file>', 'the markets of this file of approved pairs (default: pairs.path)')
    .addOption(
      new Option('--rotate-mb <n>', 'begin a new file after so many compressed MiB')
        .default(64)
        .argParser(wholeNumber(1, 100_000)),
    )
    .option('--rotate <time>', 'begin a new file after this time', '1h')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Record<string, unknown>) => {
      const wish = wishOf(options);
      const { config } = configOf(options, process.env);
      parts.ended(await record(wish, config, parts.mainPath));
    });
  return addReadFlags(command);
}

function wishOf(options: Record<string, unknown>): RecordWish {
  const venue = venueOf(options);
  const [flag, other] =
    venue === 'kalshi'
      ? (['tickers', 'conditions'] as const)
      : (['conditions', 'tickers'] as const);
  if (options[other] !== undefined) throw new UsageError(`--${other} is not for --venue ${venue}`);
  const list = textOption(options, flag);
  const duration = textOption(options, 'duration');
  return {
    venue,
    out: textOption(options, 'out') ?? '',
    names: list === undefined ? undefined : listOption(list, `--${flag}`),
    pairsPath: textOption(options, 'pairs'),
    durationMs: duration === undefined ? undefined : parseDuration(duration),
    rotateBytes: Number(options.rotateMb) * BYTES_PER_MB,
    rotateMs: parseDuration(textOption(options, 'rotate') ?? '1h'),
  };
}

async function record(wish: RecordWish, config: Config, mainPath: string): Promise<ExitCode> {
  const end = new RunEnd();
  const output = new LineOutput(process.stdout, config.log.level);
  const options = { venue: wish.venue, config, mainPath };
  const code = await withExchange(options, end, async (access) => {
    const watch = await watchOf(wish, access, config.limits.requestTimeoutMs);
    return recordUntilEnd(wish, watch, config, output, end);
  });
  return code ?? EXIT_GOOD;
}

async function watchOf(
  wish: RecordWish,
  access: ExchangeAccess,
  timeoutMs: number,
): Promise<Watch> {
  const names = marketNames(wish.venue, wish, access);
  if (wish.venue === 'kalshi') return kalshiWatch(access, names, false);
  return polymarketWatch(access, names, timeoutMs);
}

async function recordUntilEnd(
  wish: RecordWish,
  watch: Watch,
  config: Config,
  output: LineOutput,
  end: RunEnd,
): Promise<ExitCode> {
  const clock: Clock = createClock(process.hrtime());
  const startedNs = clock.nowNs();
  let failure: Error | undefined;
  const files = { directory: wish.out, label: wish.venue, ...rotationOf(wish) };
  const writer = new RecordingWriter(files, clock.wallMs, (error) => {
    failure = error;
    end.ask({ kind: 'duration' });
  });
  const recorder = new FrameRecorder(
    {
      watch,
      limits: config.limits,
      clock,
      noted: (text, isGood) =>
        output.event({ level: isGood ? 'info' : 'warn', event: 'connection', text, facts: {} }),
    },
    writer,
  );
  const markets = watch.venue === 'kalshi' ? watch.tickers.length : watch.markets.length;
  output.open(['recording', watch.venue, `${countText(markets)} markets`, `into ${wish.out}`]);
  const tell = (event: string) =>
    output.event({
      level: 'info',
      event,
      text: figuresText(recorder.figures(), (clock.nowNs() - startedNs) / 1e6),
      facts: {},
    });
  const timer = setInterval(() => tell('status'), FIGURES_EVERY_MS);
  if (wish.durationMs !== undefined) end.after(wish.durationMs);
  const reason = await end.reason;
  clearInterval(timer);
  end.close();
  await recorder.close();
  tell('recorded');
  if (failure !== undefined) throw failure;
  return codeOf(reason, output);
}

function rotationOf({ rotateBytes, rotateMs }: RecordWish) {
  return { rotateBytes, rotateMs };
}

function codeOf(reason: EndReason, output: LineOutput): ExitCode {
  if (reason.kind !== 'exchange-died') return EXIT_GOOD;
  const facts = { words: reason.words };
  output.event({
    level: 'error',
    event: 'exchange-died',
    text: `ended by ${endText(reason)}`,
    facts,
  });
  return EXIT_FAILURE;
}

function figuresText(figures: RecorderFigures, elapsedMs: number): string {
  const { frames, lost, notJson, connected, connections, files, textBytes, fileBytes } = figures;
  const ratio = fileBytes === 0 ? '' : ` (1:${(textBytes / fileBytes).toFixed(1)})`;
  return (
    `${clockText(elapsedMs)} connections ${connected}/${connections} frames ${countText(frames)} ` +
    `lost ${countText(lost)} not JSON ${countText(notJson)} files ${countText(files)} ` +
    `${megabytesText(fileBytes)}${ratio}`
  );
}

function megabytesText(bytes: number): string {
  return `${(bytes / BYTES_PER_MB).toFixed(2)} MiB`;
}
