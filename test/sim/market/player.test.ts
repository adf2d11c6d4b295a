import { describe, expect, it } from 'vitest';
import { MarketGenerator } from '../../../src/sim/market/generator.js';
import type { MakerOp, MakerSink, MakerStream } from '../../../src/sim/market/maker-op.js';
import { MAX_STEP_US, MarketPlayer } from '../../../src/sim/market/player.js';

/** One operation every `everyUs`. */
class Metronome implements MakerStream {
  nextUs = 0;
  readonly #everyUs: number;

  constructor(everyUs: number) {
    this.#everyUs = everyUs;
  }

  step(sink: MakerSink): void {
    const op = { venue: 0, market: 0, cancelId: 0, postId: 1, side: 'bid', priceE4: 1, sizeE6: 1 };
    sink({ ...op, atUs: this.nextUs } as MakerOp);
    this.nextUs += this.#everyUs;
  }
}

function setUp(everyUs: number) {
  const played: { atUs: number; wallUs: number }[] = [];
  let wallUs = 1_000_000;
  const player = new MarketPlayer({
    market: new MarketGenerator([new Metronome(everyUs)]),
    sink: ({ atUs }) => played.push({ atUs, wallUs }),
    nowUs: () => wallUs,
  });
  return {
    player,
    played,
    tickAfter(us: number) {
      wallUs += us;
      player.tick();
    },
  };
}

describe('market player', () => {
  it('plays what is due, once, and nothing early', () => {
    const { player, played, tickAfter } = setUp(1_000);
    player.seed();
    expect(played).toHaveLength(1);
    player.start();
    tickAfter(999);
    expect(played).toHaveLength(1);
    tickAfter(2_001);
    expect(played.map(({ atUs }) => atUs)).toEqual([0, 1_000, 2_000, 3_000]);
    player.stop();
  });

  it('lets virtual time slip after a stall instead of squeezing moves together', () => {
    const { player, played, tickAfter } = setUp(20_000);
    player.start();
    for (const us of [1_000, 500_000, 300_000, 2_000, 2_000, 90_000, 90_000, 90_000, 90_000]) {
      tickAfter(us);
    }
    player.stop();
    expect(player.state.virtualUs).toBe(1_000 + 2_000 + 2_000 + 6 * MAX_STEP_US);
    expect(player.state.virtualUs + player.state.slippedUs).toBe(1_165_000);
    for (let index = 1; index < played.length; index++) {
      const apartUs = played[index]!.wallUs - played[index - 1]!.wallUs;
      expect(apartUs).toBeGreaterThanOrEqual(20_000 - MAX_STEP_US);
    }
    expect(played.length).toBeGreaterThan(2);
  });
});
