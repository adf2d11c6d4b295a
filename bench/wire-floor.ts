// The least that any program on one machine could do: a frame comes in on one socket, the bytes of an order go out on another, warm one.
// One thread, nothing is read in the frame, nothing is made for the order. Its exchange ends it by closing the sockets.
import { connect, type Socket } from 'node:net';
import { FLOOR_FRAME, FLOOR_ORDER } from './wire-floor-bytes.js';

/** Says which socket it is, and waits until that was read. */
async function open(port: number, kind: 'F' | 'O'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const answered = new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve());
    socket.once('error', reject);
  });
  socket.write(kind);
  await answered;
  return socket;
}

const port = Number(process.argv[2]);
const feed = await open(port, 'F');
const orders = await open(port, 'O');
let bytes = 0;
feed.on('data', (chunk) => {
  for (bytes += chunk.length; bytes >= FLOOR_FRAME.length; bytes -= FLOOR_FRAME.length) {
    orders.write(FLOOR_ORDER);
  }
});
for (const socket of [feed, orders]) {
  socket.on('error', () => process.exit(0));
  socket.on('close', () => process.exit(0));
}
