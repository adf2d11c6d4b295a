// Loaded before the engine's own code into each of its threads: writes down every order that an executor hands to a socket, a
// line of JSON each, in the file that ORDERS_FILE names. What left is seen here, whatever the engine says of it.
import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { isMainThread, workerData } from 'node:worker_threads';

const POST = 'POST ';

if (!isMainThread && workerData?.role?.kind === 'executor') {
  const write = Socket.prototype.write;
  Socket.prototype.write = function tapped(chunk, ...rest) {
    if (Buffer.isBuffer(chunk) && chunk.subarray(0, POST.length).toString() === POST) {
      const text = chunk.toString();
      const [head, body] = text.split('\r\n\r\n');
      const path = head.split(' ')[1];
      // The monotonic clock that all processes of the machine share.
      const atUs = Number(process.hrtime.bigint() / 1_000n);
      appendFileSync(process.env.ORDERS_FILE, `${JSON.stringify({ path, body, atUs })}\n`);
    }
    return write.call(this, chunk, ...rest);
  };
}
