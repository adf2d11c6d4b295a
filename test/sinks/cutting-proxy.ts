// A way to a server that is cut, for both sides, after so many bytes in either direction: between a commit and its answer, too.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Bytes that may still go through before all is cut; never by default. */
  #budget = Number.POSITIVE_INFINITY;
  cuts = 0;

  static async to(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts everything once so many more bytes have gone through. */
  cutAfter(bytes: number): void {
    this.#budget = bytes;
  }

  async close(): Promise<void> {
    this.#cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('error', () => undefined);
    from.once('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.on('data', (bytes: Buffer) => {
      const passed = bytes.subarray(0, Math.max(0, this.#budget));
      this.#budget -= bytes.length;
      if (passed.length > 0) to.write(passed);
      if (this.#budget > 0) return;
      this.#budget = Number.POSITIVE_INFINITY;
      this.cuts++;
      // What was let through still arrives.
      setImmediate(() => this.#cut());
    });
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
