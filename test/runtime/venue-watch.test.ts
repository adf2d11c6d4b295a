import { expect, it } from 'vitest';
import { Holds } from '../../src/runtime/holds.js';
import { type ShardState, VenueWatch } from '../../src/runtime/venue-watch.js';
import { FlightTable } from '../../src/shm/flight-table.js';

it('tells each change of a shard once, and what cannot be read', async () => {
  let states: ShardState[] | Error = [];
  const said: string[] = [];
  const watch = new VenueWatch({
    kalshiShards: async () => {
      if (states instanceof Error) throw states;
      return states;
    },
    polymarketTime: async () => 1,
    shardPaused: (shard, isPaused) => said.push(`${shard} ${isPaused}`),
    unreachable: (_, why) => said.push(why),
  });
  const ask = async (next: ShardState[] | Error) => {
    states = next;
    await watch.ask();
  };
  const shard = (exchangeIndex: number, isTrading: boolean) => ({ exchangeIndex, isTrading });
  await ask([shard(0, true), shard(2, false)]);
  await ask([shard(0, true), shard(2, false)]);
  expect(watch.pausedShards).toEqual([2]);
  await ask(new Error('gone'));
  await ask([shard(0, false), shard(2, true)]);
  expect(said).toEqual(['2 true', 'kalshi: gone', '0 true', '2 false']);
});

it('asks one exchange at a time only once', async () => {
  let asked = 0;
  let answer: () => void = () => undefined;
  const watch = new VenueWatch({
    kalshiShards: async () => [],
    polymarketTime: () => {
      asked++;
      return new Promise<void>((resolve) => {
        answer = resolve;
      });
    },
    shardPaused: () => undefined,
    unreachable: () => undefined,
  });
  const first = watch.ask();
  await watch.ask();
  expect(asked).toBe(1);
  answer();
  await first;
});

it('a pair is let go when the last of what holds it is gone', () => {
  const flights = new FlightTable(new SharedArrayBuffer(FlightTable.bytes(3)));
  const holds = new Holds(flights);
  holds.hold(1, 'rest');
  holds.hold(1, 'rest');
  holds.hold(1, 'paused');
  expect(flights.isHeld(1)).toBe(true);
  expect(holds.counts()).toEqual({ rest: 1, paused: 1 });
  expect(holds.release(1, 'paused')).toBe(false);
  expect(holds.release(1, 'paused')).toBe(false);
  expect(holds.release(1, 'rest')).toBe(false);
  expect(flights.isHeld(1)).toBe(true);
  expect(holds.release(1, 'rest')).toBe(true);
  expect(flights.isHeld(1)).toBe(false);
  expect(holds.release(1, 'rest')).toBe(false);
  expect([flights.isHeld(0), flights.isHeld(2)]).toEqual([false, false]);
});
