-- Makes the generations that are absent or of another epoch, makes or joins the fence, and returns stamp and fence.
-- Of something that is being written no generation is made: what is loaded now would be valid by it.
-- KEYS[2…]: generation and announcements of each dependency in turn; then, in the key's partition, the fence
-- ARGV[3]: the generations' life · ARGV[4]: the fence's life · ARGV[5]: a new fence
local function is_announced(key)
    if redis.call('EXISTS', key) == 0 then
        return false
    end
    local time = redis.call('TIME')
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
    return redis.call('EXISTS', key) == 1
end

local fence_at = #KEYS % 2 == 0 and #KEYS
for i = 3, #KEYS, 2 do
    if is_announced(KEYS[i]) then
        return {stamp(), 'dirty'}
    end
end

local function live_at_least(key, life_ms)
    local left_ms = redis.call('PTTL', key)
    if left_ms >= 0 and left_ms < tonumber(life_ms) then
        redis.call('PEXPIRE', key, life_ms)
    end
end

for i = 2, #KEYS - 1, 2 do
    local generation = redis.call('GET', KEYS[i])
    if generation and string.match(generation, '^(%x+):%d+$') == epoch then
        live_at_least(KEYS[i], ARGV[3])
    else
        redis.call('SET', KEYS[i], stamp(), 'PX', ARGV[3])
    end
end

if not fence_at then
    return {stamp(), ''}
end
local fence = redis.call('GET', KEYS[fence_at])
if fence then
    live_at_least(KEYS[fence_at], ARGV[4])
else
    fence = ARGV[5]
    redis.call('SET', KEYS[fence_at], fence, 'PX', ARGV[4])
end
return {stamp(), fence}
