// What faults do to the delta frames on their way to a reader: lost, twice, or in the wrong order.
// Their seq has been counted by then, so a reader can tell. It must not know what is in a frame.
import type { Connection } from './connection.js';

/** Who a frame goes to: one sid of one connection. */
interface Reader {
  readonly connection: Connection;
}

export class FrameFaults {
  #toLose = 0;
  #toDouble = 0;
  #toSwap = 0;
  #held: { readonly reader: Reader; readonly frame: string } | undefined;

  /** Of the next frame to any one reader; `reorder` holds it back until the one after it has gone. */
  add(kind: 'skip-sequence' | 'duplicate' | 'reorder'): void {
    if (kind === 'skip-sequence') this.#toLose++;
    else if (kind === 'duplicate') this.#toDouble++;
    else this.#toSwap++;
  }

  deliver(reader: Reader, frame: string): void {
    const { connection } = reader;
    if (this.#toLose > 0) {
      this.#toLose--;
      return;
    }
    if (this.#toSwap > 0 && this.#held === undefined) {
      this.#toSwap--;
      this.#held = { reader, frame };
      return;
    }
    connection.sendOrdered(frame);
    if (this.#toDouble > 0) {
      this.#toDouble--;
      connection.sendOrdered(frame);
    }
    if (this.#held?.reader !== reader) return;
    connection.sendOrdered(this.#held.frame);
    this.#held = undefined;
  }

  /** The reader is gone, and with it what was held for it. */
  forget(reader: Reader): void {
    if (this.#held?.reader === reader) this.#held = undefined;
  }
}
