-- Makes the generations that are absent or of another epoch, makes or joins the fence, takes the lease if it is free, and
-- returns stamp, fence, and 0 if the lease was taken, else how long somebody else has it still, in ms; and if it was taken,
-- the first bytes of the entry, which its last holder may have stored since the caller looked.
-- Of something that is being written no generation is made: what is loaded now would be valid by it.
-- KEYS[2…]: generation and announcements of each dependency in turn; then, in the key's partition, the fence; then, if it
-- is to be taken, the lease, and the entry
-- ARGV[3]: the generations' life · ARGV[4]: the fence's life · ARGV[5]: a new fence · ARGV[6]: how many dependencies
-- ARGV[7], ARGV[8]: the lease's holder and life · ARGV[9]: how many bytes of the entry
local function is_announced(key)
    if redis.call('EXISTS', key) == 0 then
        return false
    end
    local time = redis.call('TIME')
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
    return redis.call('EXISTS', key) == 1
end

local now = string.format('%s:%.0f', epoch, seq)
local last = 1 + 2 * ARGV[6]
local fence_key, lease_key = KEYS[last + 1], KEYS[last + 2]
for i = 3, last, 2 do
    if is_announced(KEYS[i]) then
        return {now, 'dirty', false, false}
    end
end

local function live_at_least(key, life_ms)
    local left_ms = redis.call('PTTL', key)
    if left_ms >= 0 and left_ms < tonumber(life_ms) then
        redis.call('PEXPIRE', key, life_ms)
    end
end

for i = 2, last, 2 do
    local generation = redis.call('GET', KEYS[i])
    if generation and string.match(generation, '^(%x+):%d+$') == epoch then
        live_at_least(KEYS[i], ARGV[3])
    else
        redis.call('SET', KEYS[i], now, 'PX', ARGV[3])
    end
end

if not fence_key then
    return {now, '', false, false}
end
local fence = redis.call('GET', fence_key)
if fence then
    live_at_least(fence_key, ARGV[4])
else
    fence = ARGV[5]
    redis.call('SET', fence_key, fence, 'PX', ARGV[4])
end
if not lease_key then
    return {now, fence, false, false}
end
-- One without an end is nobody's: it would be held for ever.
local left_ms = redis.call('PTTL', lease_key)
if left_ms >= 0 and redis.call('GET', lease_key) ~= ARGV[7] then
    return {now, fence, math.max(left_ms, 1), false}
end
redis.call('SET', lease_key, ARGV[7], 'PX', ARGV[8])
return {now, fence, 0, redis.call('GETRANGE', KEYS[last + 3], 0, ARGV[9] - 1)}
