-- Makes the generations that are absent or of another epoch, makes or joins the fence, and returns stamp and fence.
-- KEYS[2]: the fence · KEYS[3…]: the generations · ARGV[3]: their life · ARGV[4]: the fence's life · ARGV[5]: a new fence
local function live_at_least(key, life_ms)
    local left_ms = redis.call('PTTL', key)
    if left_ms >= 0 and left_ms < tonumber(life_ms) then
        redis.call('PEXPIRE', key, life_ms)
    end
end

for i = 3, #KEYS do
    local generation = redis.call('GET', KEYS[i])
    if generation and string.match(generation, '^(%x+):%d+$') == epoch then
        live_at_least(KEYS[i], ARGV[3])
    else
        redis.call('SET', KEYS[i], stamp(), 'PX', ARGV[3])
    end
end

local fence = redis.call('GET', KEYS[2])
if fence then
    live_at_least(KEYS[2], ARGV[4])
else
    fence = ARGV[5]
    redis.call('SET', KEYS[2], fence, 'PX', ARGV[4])
end
return {stamp(), fence}
