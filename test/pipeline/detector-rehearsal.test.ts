import { expect, it } from 'vitest';
import { DetectorRehearsal } from '../../src/pipeline/detector-rehearsal.js';
import { SteppedClock } from '../venues/feed-model.js';
import { EXIT_RESERVE_MICROS, TERMS } from './pipeline-rig.js';

const REQUEST_AND_DECISION = 2;

it('goes all the way to a request each time, for as long as it is asked', () => {
  const settings = {
    detector: 0,
    observe: true,
    limits: { maxSizeCenti: 100_000, maxCostMicros: 1_000_000_000, minNetMicros: 1 },
    exitReserveMicros: EXIT_RESERVE_MICROS,
  };
  const rehearsal = new DetectorRehearsal(TERMS, settings, new SteppedClock());
  for (let count = 0; count < 10_000; count++) expect(rehearsal.run()).toBe(REQUEST_AND_DECISION);
});
