// What of the exchanges' truth a run can be measured by: the underrounds of the time in which the engine was watching.
import type { AskPassing, Episode } from '../sim/market/truth.js';
import { type Detection, type Score, scoreDetections } from '../sim/score.js';

/** In microseconds of process.hrtime, as all of the truth. */
export interface WatchedTime {
  readonly fromUs: number;
  readonly untilUs: number;
}

/**
 * How old the prices of a detection may be: as old as quotes that the engine still takes for current. A busy connection is
 * not bought on after 75 ms of silence, its worker is believed for 40 ms without a beat, and frames wait in a busy machine.
 */
export const SCORE_TOLERANCE_US = 200_000;

/** Lives are counted inside the watched time only; what is false is judged by all that ever existed. */
export function scoreRun(
  episodes: readonly Episode[],
  passings: readonly AskPassing[],
  detections: readonly Detection[],
  watched: WatchedTime,
): Score {
  // The first detection may come in the moment between the engine's start and our hearing of it.
  const firstUs = detections.reduce((first, { atUs }) => Math.min(first, atUs), watched.fromUs);
  const options = { toleranceUs: SCORE_TOLERANCE_US, untilUs: watched.untilUs, passings };
  const whole = scoreDetections(episodes, detections, options);
  const inTime = scoreDetections(
    clipped(episodes, { ...watched, fromUs: firstUs }),
    detections,
    options,
  );
  const { skewed, false: wrong, falseDetections } = whole;
  return { ...inTime, skewed, false: wrong, falseDetections };
}

/** What was bought before the engine watched was bought by another run. */
function takesSince({ firstTakesUs }: Episode, fromUs: number): Episode['firstTakesUs'] {
  return firstTakesUs.some((takeUs) => takeUs !== null && takeUs < fromUs)
    ? [null, null]
    : firstTakesUs;
}

function clipped(episodes: readonly Episode[], { fromUs, untilUs }: WatchedTime): Episode[] {
  return episodes
    .filter(({ openUs, closeUs }) => openUs < untilUs && (closeUs ?? untilUs) > fromUs)
    .map((episode) => ({
      ...episode,
      openUs: Math.max(episode.openUs, fromUs),
      closeUs: Math.min(episode.closeUs ?? untilUs, untilUs),
      firstTakesUs: takesSince(episode, fromUs),
    }));
}
