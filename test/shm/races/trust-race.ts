// A feed that loses and regains trust, publishing poison while it is not trusted, and a detector's way of reading: trust,
// quote, trust again.
import { type Quote, QuoteTable, TRUSTED, trustReason } from '../../../src/shm/quote-table.js';
import { announceEnd, awaitStart, dally, ENDED_WORD, type RaceInput, type Tally } from './role.js';

const SLOT = 0;
const RESYNCHRONISING = TRUSTED + 1;
const SOUND = 1;
const POISON = 2;
const QUOTES_AN_EPOCH = 4;

/** options.keepsEpoch: the defect of going untrusted and back to trusted within one epoch. */
export function trustWriter(input: RaceInput): Tally {
  const table = new QuoteTable(input.memory);
  const keepsEpoch = input.options.keepsEpoch === 1;
  let published = 0;
  awaitStart(input);
  for (let epoch = 0; published < input.operations; epoch = (epoch + 1) & 0xffff) {
    const named = keepsEpoch ? 0 : epoch;
    table.setTrust(SLOT, named, RESYNCHRONISING);
    table.publish(SLOT, epoch, epoch, POISON, POISON, 0, 0, 0);
    table.publish(SLOT, epoch, epoch, SOUND, SOUND, 0, 0, 0);
    table.setTrust(SLOT, named, TRUSTED);
    for (let n = 2; n < QUOTES_AN_EPOCH; n++) {
      table.publish(SLOT, epoch, epoch, SOUND, SOUND, 0, 0, 0);
    }
    published += QUOTES_AN_EPOCH;
  }
  announceEnd(input);
  return { published };
}

/** options.looksOnce: the defect of not looking at the trust word again after the quote. */
export function trustReader(input: RaceInput): Tally {
  const table = new QuoteTable(input.memory);
  const gate = new Int32Array(input.gate);
  const looksOnce = input.options.looksOnce === 1;
  const keepsEpoch = input.options.keepsEpoch === 1;
  const quote: Quote = { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 };
  let accepted = 0;
  let untrusted = 0;
  let changed = 0;
  let oldEpoch = 0;
  let poison = 0;
  awaitStart(input);
  for (let look = 0; Atomics.load(gate, ENDED_WORD) === 0; look++) {
    const before = table.trustWord(SLOT);
    if (trustReason(before) !== TRUSTED) {
      untrusted++;
      continue;
    }
    // Now and then the reader is late by a few publications, as a thread is that lost its core.
    if ((look & 3) === 0) dally((look * 37) & 511);
    table.read(SLOT, quote);
    if ((look & 3) === 0) dally((look * 53) & 511);
    if (!looksOnce && table.trustWord(SLOT) !== before) {
      changed++;
      continue;
    }
    if (quote.yesSize !== SOUND || quote.noSize !== SOUND) poison++;
    else if (!keepsEpoch && quote.yesAskE4 !== before >>> 16) oldEpoch++;
    else accepted++;
  }
  return { accepted, untrusted, changed, oldEpoch, poison };
}
