// Client order ids: a prefix, the time and a counter, unique across restarts and workers without asking anyone.

/**
 * Returns a function that makes ids such as `ur0-mh2k9x1c-7`: letters, digits and dashes only (kalshi-api.md 3.4 knows of a
 * refusal of "."). Two generators may share a prefix only if they never run in the same millisecond: give each worker its
 * own. The time is read anew for each id, so a restart cannot repeat one unless the clock is set back; the start time in
 * front makes that harmless too.
 */
export function createOrderIds(prefix: string, wallMs: () => number): () => string {
  if (!/^[a-z0-9]{1,8}$/.test(prefix)) throw new RangeError(`order id prefix: prefix=${prefix}`);
  let lastMs = -1;
  let head = '';
  let counter = 0;
  return () => {
    const nowMs = wallMs();
    // A clock that is set back must not repeat a time: the last one goes on being used.
    if (nowMs > lastMs) {
      lastMs = nowMs;
      head = `${prefix}-${nowMs.toString(36)}-`;
    }
    return head + (++counter).toString(36);
  };
}
