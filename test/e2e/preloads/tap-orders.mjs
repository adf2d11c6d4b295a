// Loaded before the engine's own code into each of its threads: writes down every order that an executor hands to a socket, a
// line of JSON each, in the file that ORDERS_FILE names. What left is seen here, whatever the engine says of it.
import { appendFileSync } from 'node:fs';
import { Server, Socket } from 'node:net';
import { isMainThread, workerData } from 'node:worker_threads';

const POST = 'POST ';

if (!isMainThread && workerData?.role?.kind === 'executor') {
  // What is rehearsed goes to a socket whose other end is in this very thread (src/net/sink-line.ts): it leaves for nowhere.
  const ownPorts = new Set();
  const emit = Server.prototype.emit;
  Server.prototype.emit = function watched(event, socket, ...rest) {
    if (event === 'connection') ownPorts.add(socket.localPort);
    return emit.call(this, event, socket, ...rest);
  };
  const write = Socket.prototype.write;
  Socket.prototype.write = function tapped(chunk, ...rest) {
    const isOrder = Buffer.isBuffer(chunk) && !ownPorts.has(this.remotePort);
    if (isOrder && chunk.subarray(0, POST.length).toString() === POST) {
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
