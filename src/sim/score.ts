// Holds what an engine says it detected against what the books really held. Pure: knows neither the engine nor the books.
import type { Direction } from '../domain/venue.js';
import type { AskPassing, Episode } from './market/truth.js';

export interface Detection {
  readonly pair: number;
  readonly direction: Direction;
  readonly kalshiAskE4: number;
  readonly polymarketAskE4: number;
  /** Same clock as the episodes'. */
  readonly atUs: number;
}

export interface ScoreOptions {
  /** How old the prices of a detection may be: the way from the exchange to the decision. */
  readonly toleranceUs: number;
  /** Asks that passed each other: what sees them together is late, not false. */
  readonly passings?: readonly AskPassing[];
  /** When the run ended, for the life of what was still open. Default: the latest time in the data. */
  readonly untilUs?: number;
}

export interface Score {
  /** Episodes that there were. */
  readonly truth: number;
  /** Episodes that at least one detection matches. */
  readonly detected: number;
  /** Detections whose two asks stood within the tolerance, but not at one moment. */
  readonly skewed: number;
  /** Detections of which an ask did not stand within the tolerance, or that never were an underround. */
  readonly false: number;
  readonly falseDetections: readonly Detection[];
  readonly recall50ms: Recall;
  /** Episodes that were detected and that a taker ended. */
  readonly takenByUs: number;
  /**
   * From an episode's opening to the moment both legs had been bought, by the exchanges' clock, ascending: frame out, decision,
   * orders in and matched.
   */
  readonly takeTimesUs: readonly number[];
}

export interface Recall {
  /** Episodes that lived at least 50 ms, those that a taker ended with the life they had. */
  readonly lived: number;
  readonly detected: number;
  /** 1 when none lived that long. */
  readonly share: number;
  readonly missed: readonly Episode[];
}

export const RECALL_LIFE_US = 50_000;
/** Examples kept of what went wrong; the counts are complete. */
const MAX_EXAMPLES = 100;

export function scoreDetections(
  episodes: readonly Episode[],
  detections: readonly Detection[],
  options: ScoreOptions,
): Score {
  const byBook = groupByBook(episodes);
  const detected = new Set<Episode>();
  const falseDetections: Detection[] = [];
  const passings = groupPassings(options.passings ?? []);
  let falseCount = 0;
  let skewed = 0;
  for (const detection of detections) {
    const known = recentEpisodes(byBook.get(bookKey(detection)) ?? [], detection, options).filter(
      (episode) => matches(episode, detection, options.toleranceUs),
    );
    for (const episode of known) detected.add(episode);
    if (known.length > 0) continue;
    if (passings.get(bookKey(detection))?.some((each) => passed(each, detection, options))) {
      skewed++;
      continue;
    }
    falseCount++;
    if (falseDetections.length < MAX_EXAMPLES) falseDetections.push(detection);
  }
  const untilUs = options.untilUs ?? latestUs(episodes, detections);
  const lived = episodes.filter(
    ({ openUs, closeUs }) => (closeUs ?? untilUs) - openUs >= RECALL_LIFE_US,
  );
  const missed = lived.filter((episode) => !detected.has(episode));
  return {
    truth: episodes.length,
    detected: detected.size,
    skewed,
    false: falseCount,
    falseDetections,
    recall50ms: {
      lived: lived.length,
      detected: lived.length - missed.length,
      share: lived.length === 0 ? 1 : (lived.length - missed.length) / lived.length,
      missed: missed.slice(0, MAX_EXAMPLES),
    },
    takenByUs: [...detected].filter(({ endedBy }) => endedBy === 'taker').length,
    takeTimesUs: takeTimesUs(episodes),
  };
}

function takeTimesUs(episodes: readonly Episode[]): number[] {
  const times: number[] = [];
  for (const { openUs, firstTakesUs } of episodes) {
    const [kalshiUs, polymarketUs] = firstTakesUs;
    if (kalshiUs !== null && polymarketUs !== null) {
      times.push(Math.max(kalshiUs, polymarketUs) - openUs);
    }
  }
  return times.sort((a, b) => a - b);
}

/** Those that touch [atUs - toleranceUs, atUs]. Episodes of one book are in order and do not overlap. */
function recentEpisodes(
  episodes: readonly Episode[],
  { atUs }: Detection,
  { toleranceUs }: ScoreOptions,
): readonly Episode[] {
  let low = 0;
  let high = episodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (episodes[middle]!.openUs <= atUs) low = middle + 1;
    else high = middle;
  }
  let first = low;
  while (first > 0 && (episodes[first - 1]!.closeUs ?? atUs) >= atUs - toleranceUs) first--;
  return episodes.slice(first, low);
}

/** True when both asks stood together in the episode at some moment of [atUs - toleranceUs, atUs]. */
function matches(episode: Episode, detection: Detection, toleranceUs: number): boolean {
  const { atUs, kalshiAskE4, polymarketAskE4 } = detection;
  return episode.prices.some(
    ([fromUs, toUs, kalshiE4, polymarketE4]) =>
      kalshiE4 === kalshiAskE4 &&
      polymarketE4 === polymarketAskE4 &&
      fromUs <= atUs &&
      (toUs === null || toUs >= atUs - toleranceUs),
  );
}

/** True when the newer ask had come, and the older had not been gone for longer than the tolerance. */
function passed(
  [, , cameUs, wentUs, kalshiE4, polymarketE4]: AskPassing,
  { atUs, kalshiAskE4, polymarketAskE4 }: Detection,
  { toleranceUs }: ScoreOptions,
): boolean {
  return (
    kalshiE4 === kalshiAskE4 &&
    polymarketE4 === polymarketAskE4 &&
    cameUs <= atUs &&
    wentUs >= atUs - toleranceUs
  );
}

function groupPassings(passings: readonly AskPassing[]): Map<string, AskPassing[]> {
  const byBook = new Map<string, AskPassing[]>();
  for (const passing of passings) {
    const [pair, direction] = passing;
    const key = bookKey({ pair, direction });
    const group = byBook.get(key);
    if (group === undefined) byBook.set(key, [passing]);
    else group.push(passing);
  }
  return byBook;
}

function groupByBook(episodes: readonly Episode[]): Map<string, Episode[]> {
  const byBook = new Map<string, Episode[]>();
  for (const episode of episodes) {
    const key = bookKey(episode);
    const group = byBook.get(key);
    if (group === undefined) byBook.set(key, [episode]);
    else group.push(episode);
  }
  return byBook;
}

function bookKey({ pair, direction }: { pair: number; direction: Direction }): string {
  return `${pair}/${direction}`;
}

function latestUs(episodes: readonly Episode[], detections: readonly Detection[]): number {
  let latest = 0;
  for (const { openUs, closeUs } of episodes) latest = Math.max(latest, closeUs ?? openUs);
  for (const { atUs } of detections) latest = Math.max(latest, atUs);
  return latest;
}
