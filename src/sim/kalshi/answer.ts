// A reply to a request together with what a fault makes of its delivery.
import type { Reply } from './reply.js';

export type Answer =
  | (Reply & {
      readonly delivery: 'send';
      /** How long the reply is kept back; what it says has happened already. */
      readonly afterMs?: number;
    })
  /** Never answered. */
  | { readonly delivery: 'lose' }
  /** The socket is destroyed. */
  | { readonly delivery: 'reset' }
  /** Nothing has happened yet; `resume` does it, and answers. */
  | { readonly delivery: 'hold'; readonly afterMs: number; resume(): Answer };

export function sent(reply: Reply): Answer {
  return { ...reply, delivery: 'send' };
}
