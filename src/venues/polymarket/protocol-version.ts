// Whether the exchange speaks the protocol that our orders are signed for (polymarket-api.md 1,
// 4.8): after `order_version_mismatch` no order leaves until GET /version says so again.
import { z } from 'zod';
import { messageOf, type RestClient } from '../../net/rest-client.js';

/** CLOB V2. */
const SPOKEN_VERSION = 2;
/** Between two looks at an exchange that speaks another version, or cannot be asked. */
const RECHECK_MS = 5_000;
const READ_COST = 1;

const versionSchema = z.object({ version: z.number() });

export class ProtocolVersion {
  readonly #rest: RestClient | undefined;
  #isSpoken = true;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #why = '';

  /** Without a client a mismatch is for good. */
  constructor(rest: RestClient | undefined) {
    this.#rest = rest;
  }

  /** False from a mismatch until a confirmation. @hot */
  get isSpoken(): boolean {
    return this.#isSpoken;
  }

  /** Why it is not spoken, as far as is known. */
  get why(): string {
    return this.#why;
  }

  /** The exchange refused an order for its version: asks until the answer is ours. */
  mismatched(): void {
    const isFirst = this.#isSpoken;
    this.#isSpoken = false;
    this.#why = 'an order was refused for its version';
    if (isFirst) void this.#recheck();
  }

  /** Asks once; true when the exchange speaks our version. Never rejects. */
  async confirm(): Promise<boolean> {
    try {
      if (this.#rest === undefined) return this.#isSpoken;
      const call = { method: 'GET', path: '/version', cost: READ_COST } as const;
      const { version } = await this.#rest.call(call, versionSchema);
      this.#isSpoken = version === SPOKEN_VERSION;
      this.#why = this.#isSpoken ? '' : `the exchange is at version=${version}`;
    } catch (error) {
      this.#isSpoken = false;
      this.#why = messageOf(error);
    }
    return this.#isSpoken;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #recheck(): Promise<void> {
    if (this.#rest === undefined || (await this.confirm()) || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#recheck(), RECHECK_MS);
  }
}
