-- Takes the generations away and notes the writer for each of them, until the server's clock says that it is over.
-- KEYS[2…]: generation and announcements of each dependency in turn
-- ARGV[3]: the writer · ARGV[4]: how long, in ms · ARGV[5]: the names
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 2, #KEYS, 2 do
    redis.call('UNLINK', KEYS[i])
    redis.call('ZADD', KEYS[i + 1], string.format('%.0f', now_ms + ARGV[4]), ARGV[3])
    if redis.call('PTTL', KEYS[i + 1]) < tonumber(ARGV[4]) then
        redis.call('PEXPIRE', KEYS[i + 1], ARGV[4])
    end
end
return go_to(epoch, seq + 1, ARGV[5])
