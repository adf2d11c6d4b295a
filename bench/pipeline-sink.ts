// Readers that ask like feeds and throw away what they are told: what they take is what the blaster can send at the most.
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { PairListing } from '../src/sim/market/listings.js';

/** FIN and the opcode of text. A client's frames are masked: with zeros, which change nothing. */
const TEXT_FRAME = 0x81;
const MASKED_LENGTH_16 = 0x80 | 126;
const HEADER_BYTES = 8;

/** One connection an exchange, for all of the markets. */
export async function connectSinks(port: number, pairs: readonly PairListing[]): Promise<Socket[]> {
  const market_tickers = pairs.map(({ kalshi }) => kalshi.ticker);
  const kalshi = {
    id: 1,
    cmd: 'subscribe',
    params: { channels: ['orderbook_delta'], market_tickers },
  };
  const assets_ids = pairs.flatMap(({ polymarket }) => polymarket.tokenIds);
  return [
    await openSink(port, '/trade-api/ws/v2', kalshi),
    await openSink(port, '/ws/market', { type: 'market', assets_ids }),
  ];
}

async function openSink(port: number, path: string, subscription: object): Promise<Socket> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  };
  const asked = request({ host: '127.0.0.1', port, path, headers }).end();
  const [, socket] = (await once(asked, 'upgrade')) as [unknown, Socket];
  const text = JSON.stringify(subscription);
  const frame = Buffer.alloc(HEADER_BYTES + text.length);
  frame[0] = TEXT_FRAME;
  frame[1] = MASKED_LENGTH_16;
  frame.writeUInt16BE(text.length, 2);
  frame.write(text, HEADER_BYTES, 'latin1');
  socket.write(frame);
  return socket.resume();
}
