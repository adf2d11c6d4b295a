import { expect, it } from 'vitest';
import { KALSHI, POLYMARKET } from '../../src/domain/venue.js';
import { createScratchPublisher } from '../../src/pipeline/scratch-publisher.js';
import type { FeedSink } from '../../src/venues/feed.js';
import { rehearseKalshiFeed } from '../../src/venues/kalshi/feed-rehearsal.js';
import { rehearsePolymarketFeed } from '../../src/venues/polymarket/feed-rehearsal.js';
import { SteppedClock } from './feed-model.js';

const REHEARSALS = 20_000;

it.each([
  ['kalshi', KALSHI, rehearseKalshiFeed],
  ['polymarket', POLYMARKET, rehearsePolymarketFeed],
] as const)(
  'publishes a change each time, for as long as it is asked: %s',
  (_, venue, rehearse) => {
    const clock = new SteppedClock();
    const publisher = createScratchPublisher(venue, clock);
    const seen = { published: 0, sizes: new Set<number>(), rung: 0 };
    const sink: FeedSink = {
      publish: (market, yesAsks, noAsks, receiveNs, venueMs) => {
        seen.published++;
        seen.sizes.add(yesAsks.sizesCenti[yesAsks.count - 1]!);
        seen.sizes.add(noAsks.sizesCenti[noAsks.count - 1]!);
        publisher.publish(market, yesAsks, noAsks, receiveNs, venueMs);
      },
      setMarketTrust: (market, reason) => publisher.setMarketTrust(market, reason),
      setConnectionTrust: (reason) => publisher.setConnectionTrust(reason),
      setFreshUntil: (untilNs, hadLapsed) => publisher.setFreshUntil(untilNs, hadLapsed),
      termsChanged: () => expect.fail('there are no terms'),
      ring: (hasMore) => {
        seen.rung++;
        publisher.ring(hasMore);
      },
    };
    const rehearsal = rehearse(sink, clock);
    const { published, rung } = seen;
    for (let count = 0; count < REHEARSALS; count++) rehearsal();
    expect(seen.published - published).toBe(REHEARSALS);
    expect(seen.rung - rung).toBe(REHEARSALS);
    expect(seen.sizes.size).toBeGreaterThanOrEqual(2);
  },
);
