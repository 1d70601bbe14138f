-- Withdraws one writer's announcements, and raises the generations that are present.
-- KEYS[2…]: generation and announcements of each dependency in turn · ARGV[3]: the writer · ARGV[4]: the names
local now = go_to(epoch, seq + 1, ARGV[4])
for i = 2, #KEYS, 2 do
    redis.call('ZREM', KEYS[i + 1], ARGV[3])
    redis.call('SET', KEYS[i], now, 'XX', 'KEEPTTL')
end
return now
