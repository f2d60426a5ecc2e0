/**
 * What the pods keep in Redis of a robot, each with a time to live:
 * - `seq:{robot}/{boot}/{block}` a bitmap: which of a block's sequence numbers were appended; `blocks:{robot}` lists a
 *   robot's bitmaps by age, so that the oldest go when there are too many
 * - `ids:{robot}` ids of events without a sequence, by time, the newest some
 * - `tat:r:{robot}`, `tat:f:{fleet}` token buckets as one number, the theoretical arrival time of GCRA (ITU-T I.371)
 * - `ack:{robot}` by boot, what the processor folded: written by the processor, read here
 * - `due:{robot}` is there while the log has commands for the robot: written by the command service, read when asked
 *
 * The scripts name keys that aren't in KEYS, so a Redis Cluster isn't served; a replicated Redis is.
 */
export const askScript = `
local limits = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + time[2] / 1000
local forgotten = time[1] - limits.ttl
local function bucket(key, rate, burst)
  if rate <= 0 then return 0, 0 end
  local tat = math.max(tonumber(redis.call('GET', key)) or 0, nowMs)
  return (tat - nowMs) * rate / 1000 / burst, tat
end
local function charge(key, rate, burst, tat, cost)
  if rate <= 0 or cost == 0 then return end
  local after = tat + cost * 1000 / rate
  redis.call('SET', key, string.format('%.3f', after), 'PX', math.ceil(after - nowMs) + 1000)
end
local answers = {}
for at = 2, #ARGV do
  local q = cjson.decode(ARGV[at])
  local robot, fleet, ranks, boots, ids = q[1], q[2], q[3], q[4], q[5]
  local seen = {}
  for i = 1, #ranks do seen[i] = '0' end
  for _, b in ipairs(boots) do
    local key = 'seq:' .. robot .. '/' .. b[1] .. '/' .. b[2]
    local bits, places = b[3], b[4]
    if redis.call('EXISTS', key) == 1 then
      for i = 1, #bits do
        if redis.call('GETBIT', key, bits[i]) == 1 then seen[places[i]] = '1' end
      end
    end
  end
  if #ids[1] > 0 then
    local scores = redis.call('ZMSCORE', 'ids:' .. robot, unpack(ids[1]))
    for i, score in ipairs(scores) do
      if score and tonumber(score) > forgotten then seen[ids[2][i]] = '1' end
    end
  end
  local rFill, rTat = bucket('tat:r:' .. robot, limits.robotRate, limits.robotBurst)
  local fFill, fTat = bucket('tat:f:' .. fleet, limits.fleetRate, limits.fleetBurst)
  local fill = math.max(rFill, fFill)
  -- Ranks: 0 safety, 1 command replies, 2 state, 3 telemetry. The first two are charged and never refused.
  local worst = fill > 1 and 1 or fill > limits.stateShare and 2 or 3
  local cost = 0
  for i = 1, #ranks do
    if seen[i] == '0' and string.byte(ranks, i) - 48 <= worst then cost = cost + 1 end
  end
  charge('tat:r:' .. robot, limits.robotRate, limits.robotBurst, rTat, cost)
  charge('tat:f:' .. fleet, limits.fleetRate, limits.fleetBurst, fTat, cost)
  local answer = { worst .. (rFill >= fFill and 'r' or 'f') .. table.concat(seen) }
  if #q[6] > 0 then
    for i, text in ipairs(redis.call('HMGET', 'ack:' .. robot, unpack(q[6]))) do
      if text then answer[#answer + 1] = text end
    end
  end
  if q[7] and redis.call('EXISTS', 'due:' .. robot) == 1 then answer[#answer + 1] = 'due' end
  answers[#answers + 1] = answer
end
return answers
`;

export const markScript = `
local limits = cjson.decode(ARGV[1])
local now = redis.call('TIME')[1]
for at = 2, #ARGV do
  local m = cjson.decode(ARGV[at])
  local robot, boots, ids = m[1], m[2], m[3]
  for _, b in ipairs(boots) do
    local name = b[1] .. '/' .. b[2]
    local key = 'seq:' .. robot .. '/' .. name
    if redis.call('EXISTS', key) == 0 then
      local list = 'blocks:' .. robot
      redis.call('ZADD', list, now, name)
      redis.call('EXPIRE', list, limits.ttl)
      local over = redis.call('ZCARD', list) - limits.blocksMax
      if over > 0 then
        for i, old in ipairs(redis.call('ZPOPMIN', list, over)) do
          if i % 2 == 1 then redis.call('DEL', 'seq:' .. robot .. '/' .. old) end
        end
      end
    end
    for _, bit in ipairs(b[3]) do redis.call('SETBIT', key, bit, 1) end
    redis.call('EXPIRE', key, limits.ttl)
  end
  if #ids > 0 then
    local key = 'ids:' .. robot
    for _, id in ipairs(ids) do redis.call('ZADD', key, now, id) end
    redis.call('ZREMRANGEBYRANK', key, 0, -(limits.idsMax + 1))
    redis.call('EXPIRE', key, limits.ttl)
  end
end
`;

/** What was folded of a robot replaces what was said of it before. */
export const publishScript = `
for at = 2, #ARGV do
  local p = cjson.decode(ARGV[at])
  local key = 'ack:' .. p[1]
  redis.call('DEL', key)
  if #p[2] > 0 then
    redis.call('HSET', key, unpack(p[2]))
    redis.call('EXPIRE', key, ARGV[1])
  end
end
`;

/** Robots that have commands due (`+id`), and those that have none any more (`-id`). */
export const dueScript = `
for at = 2, #ARGV do
  local key = 'due:' .. string.sub(ARGV[at], 2)
  if string.byte(ARGV[at]) == 43 then redis.call('SET', key, 1, 'EX', ARGV[1]) else redis.call('DEL', key) end
end
`;
