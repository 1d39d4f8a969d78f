/**
 * Stores a message unless it is there already, at once for all instances.
 *
 * KEYS: the set of rooms, the room's stream, the ids by draft of the room, the channel that wakes followers.
 * ARGV: room, draft, record, rooms at most, messages at most, the room that always is one.
 */
export const APPEND = `
local room, draft = ARGV[1], ARGV[2]
local known = redis.call('HGET', KEYS[3], draft)
local entry = known and redis.call('XRANGE', KEYS[2], known, known)[1]
if entry then return { entry[1], entry[2][2] } end
redis.call('SADD', KEYS[1], ARGV[6])
if redis.call('SISMEMBER', KEYS[1], room) == 0 then
  if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[4]) then return false end
  redis.call('SADD', KEYS[1], room)
end
local id = redis.call('XADD', KEYS[2], '*', 'record', ARGV[3], 'draft', draft)
redis.call('HSET', KEYS[3], draft, id)
local excess = redis.call('XLEN', KEYS[2]) - tonumber(ARGV[5])
if excess > 0 then
  for _, old in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', excess)) do
    redis.call('XDEL', KEYS[2], old[1])
    if old[2][4] then redis.call('HDEL', KEYS[3], old[2][4]) end
  end
end
redis.call('PUBLISH', KEYS[4], room)
return { id, ARGV[3] }
`;

/** What the script answers: the message's id and record, or nothing when its room is one too many. */
export type Appended = readonly [id: string, record: string] | null;

/** One entry of a stream, as Redis gives it. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];
