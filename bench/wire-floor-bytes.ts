// The canned bytes of the floor: of the size of a real delta and of a real order, and nothing to read in them.
/** Kalshi's delta with the head of its WebSocket frame; Polymarket's price_change has 610. */
const FRAME_BYTES = 269;
/** A Polymarket order with its headers; Kalshi's has 821. */
const ORDER_BYTES = 1_145;

export const FLOOR_MARKER = Buffer.from('{"type":"floor"}');
export const FLOOR_FRAME = Buffer.concat([FLOOR_MARKER], FRAME_BYTES).fill(
  '.',
  FLOOR_MARKER.length,
);
export const FLOOR_ORDER = Buffer.alloc(ORDER_BYTES, '.');
