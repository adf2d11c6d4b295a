import { afterEach, expect, it } from 'vitest';
import type { Ladder } from '../../src/domain/ladder.js';
import { RestClient, RestError } from '../../src/net/rest-client.js';
import { readKalshiBooks } from '../../src/venues/kalshi/polled-books.js';
import { httpReply, type RawRequest, startRawServer } from '../net/raw-server.js';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Levels = readonly unknown[];
interface Told {
  readonly yes?: Levels;
  readonly no?: Levels;
}

/** An exchange that knows these books, and has an empty one for every other ticker. */
async function open(books: Readonly<Record<string, Told>>, absent: readonly string[] = []) {
  const asked: string[][] = [];
  const answer = ({ path, socket }: RawRequest) => {
    const url = new URL(path, 'http://exchange');
    const tickers = url.searchParams.getAll('tickers');
    asked.push(tickers);
    const orderbooks = tickers
      .filter((ticker) => !absent.includes(ticker))
      .map((ticker) => {
        const { yes = [], no = [] } = books[ticker] ?? {};
        return { ticker, orderbook_fp: { yes_dollars: yes, no_dollars: no } };
      });
    const isRight = url.pathname === '/base/markets/orderbooks' && tickers.length <= 100;
    socket.write(httpReply(isRight ? 200 : 400, JSON.stringify({ orderbooks })));
  };
  const server = await startRawServer(answer);
  const rest = new RestClient(`${server.origin}/base`, 1_000, { sleep: async () => undefined });
  closers.push(server.close, () => rest.close());
  return { rest, asked };
}

function levels(ladder: Ladder | undefined): unknown {
  if (ladder === undefined) return undefined;
  return Array.from({ length: ladder.count }, (_, at) => [
    ladder.pricesE4[at],
    ladder.sizesCenti[at],
  ]);
}

it('gives the books in the order of the tickers, both sides as bids', async () => {
  const { rest } = await open({
    B: {
      yes: [
        ['0.0900', '40.00'],
        ['0.4100', '12.50'],
      ],
      no: [['0.5600', '7.00']],
    },
    A: { no: [['0.0010', '1800000.25']] },
  });
  const books = await readKalshiBooks(rest, ['A', 'B', 'NOBODY-KNOWS-IT']);
  expect(books.map((book) => [levels(book?.yesBids), levels(book?.noBids)])).toEqual([
    [[], [[10, 180_000_025]]],
    [
      [
        [900, 4_000],
        [4_100, 1_250],
      ],
      [[5_600, 700]],
    ],
    [[], []],
  ]);
});

it('asks for a hundred at a time, each ticker by itself, a comma being part of one', async () => {
  const { rest, asked } = await open({});
  const tickers = Array.from({ length: 201 }, (_, market) => `KX-${market},X&Y`);
  expect(await readKalshiBooks(rest, tickers)).not.toContain(undefined);
  expect(asked.map(({ length }) => length)).toEqual([100, 100, 1]);
  expect(asked.flat()).toEqual(tickers);
});

it('asks for nothing when there is nothing to ask for', async () => {
  const { rest, asked } = await open({});
  expect(await readKalshiBooks(rest, [])).toEqual([]);
  expect(asked).toEqual([]);
});

it.each<[string, Told]>([
  ['a price that is a number', { yes: [[0.41, '1.00']] }],
  ['a price of a dollar', { no: [['1.0000', '1.00']] }],
  ['a size below zero', { yes: [['0.4100', '-1.00']] }],
  ['a size of three decimals', { yes: [['0.4100', '1.001']] }],
  ['a level that is none', { yes: [null] }],
])('has no book where there is %s, and the others all the same', async (_what, told) => {
  const { rest } = await open({ A: told, B: { yes: [['0.4100', '1.00']] } });
  const [bad, good] = await readKalshiBooks(rest, ['A', 'B']);
  expect(bad).toBeUndefined();
  expect(levels(good?.yesBids)).toEqual([[4_100, 100]]);
});

it('has no book where the exchange gives none, and fails when it cannot be read', async () => {
  const { rest } = await open({}, ['A']);
  expect(await readKalshiBooks(rest, ['A'])).toEqual([undefined]);
  const server = await startRawServer(({ socket }) =>
    socket.write(httpReply(200, '{"orderbook":{}}')),
  );
  const other = new RestClient(server.origin, 1_000);
  closers.push(server.close, () => other.close());
  await expect(readKalshiBooks(other, ['A'])).rejects.toBeInstanceOf(RestError);
});
