// Client order ids: a prefix, the time and a counter, unique across restarts and workers without asking anyone.

/**
 * Returns a function that makes ids such as `ur0-mh2k9x1c-7`: letters, digits and dashes only
 * (kalshi-api.md 3.4 knows of a refusal of "."). Each worker needs a prefix of its own. The time is that of
 * the order, so a restart repeats an id only if the clock was set back to the very millisecond of
 * an earlier one with the same count; the exchange refuses it then, and the order does not trade.
 */
export function createOrderIds(prefix: string, wallMs: () => number): () => string {
  if (!/^[a-z0-9]{1,8}$/.test(prefix)) throw new RangeError(`order id prefix: prefix=${prefix}`);
  let lastMs = -1;
  let time = '';
  let counter = 0;
  // All of the id but the count's last digit: it changes once in a millisecond and once in 36 orders.
  let head = '';
  return () => {
    const nowMs = wallMs();
    const digit = ++counter % DIGITS.length;
    // A clock that is set back must not repeat a time: the last one goes on being used.
    if (nowMs > lastMs) {
      lastMs = nowMs;
      time = nowMs.toString(36);
    } else if (digit !== 0) {
      return head + DIGITS[digit];
    }
    const digits = counter < DIGITS.length ? '' : Math.floor(counter / DIGITS.length).toString(36);
    head = `${prefix}-${time}-${digits}`;
    return head + DIGITS[digit];
  };
}

const DIGITS = Array.from({ length: 36 }, (_, digit) => digit.toString(36));
