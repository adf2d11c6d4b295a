// In the place of an exchange's order connections where no order may leave: it opens nothing, and whatever is written to it is refused.
import { NOT_WRITTEN, type OrderConnections } from './order-connections.js';

/** What a gateway needs of its connections. */
export type OrderLines = Pick<
  OrderConnections,
  'warm' | 'openSink' | 'canOpen' | 'canWrite' | 'obstacle' | 'write' | 'close'
>;

export class NoConnections implements OrderLines {
  readonly canOpen = false;
  readonly canWrite = false;
  readonly obstacle = 'no order may leave';

  async warm(): Promise<void> {
    // Nothing is opened.
  }

  async openSink(): Promise<void> {
    // Nothing is opened.
  }

  write(): number {
    return NOT_WRITTEN;
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
