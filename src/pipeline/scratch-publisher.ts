// A publisher into memory of its own, of one pair: for rehearsals, of which nobody hears.
import type { Clock } from '../domain/clock.js';
import type { Venue } from '../domain/venue.js';
import { DepthTable } from '../shm/depth-table.js';
import { Doorbell } from '../shm/doorbell.js';
import { QuoteTable } from '../shm/quote-table.js';
import { Publisher } from './publisher.js';

export function createScratchPublisher(venue: Venue, clock: Clock): Publisher {
  const memory = {
    quotes: new QuoteTable(shared(QuoteTable.bytes(2))),
    depth: new DepthTable(shared(DepthTable.bytes(2))),
    doorbells: [new Doorbell(shared(Doorbell.bytes(1)))],
  };
  const ignore = () => undefined;
  return new Publisher(memory, venue, 1, [0], ignore, ignore, clock);
}

function shared(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}
