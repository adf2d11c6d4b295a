// The step that is atomic in Redis: append a window's rows to the stream if it stands where we think that it does, and tell of signals.

/** Where an empty stream stands. */
export const STREAM_START = '0-0';

/**
 * KEYS: the stream, the set of all streams. ARGV: where we think that the stream stands, how long it is kept, the channel of signals, then
 * for each row its id, its table, its JSON, and '1' where it is a signal. Returns where the stream stands.
 *
 * A stream stands at the highest id that it ever had, also when its entries are gone. When that is another than we think, nothing is
 * appended: a server that was restarted with less must first get what it lacks, one that has more must not get it again. Ids are the
 * journal's numbers, so that Redis itself takes none twice.
 */
export const APPEND_SCRIPT = `
local stands = '${STREAM_START}'
if redis.call('EXISTS', KEYS[1]) == 1 then
  local facts = redis.call('XINFO', 'STREAM', KEYS[1])
  for n = 1, #facts, 2 do
    if facts[n] == 'last-generated-id' then stands = facts[n + 1] end
  end
end
if stands ~= ARGV[1] then return stands end
if #ARGV > 3 then redis.call('SADD', KEYS[2], KEYS[1]) end
for n = 4, #ARGV, 4 do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], ARGV[n], 'table', ARGV[n + 1], 'row', ARGV[n + 2])
  if ARGV[n + 3] == '1' then redis.call('PUBLISH', ARGV[3], ARGV[n + 2]) end
  stands = ARGV[n]
end
return stands`;
