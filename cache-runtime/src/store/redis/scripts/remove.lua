-- Removes entries with their fences; returns the stamp and how many entries there were.
-- KEYS[2…]: entry and fence of each key in turn · ARGV[3]: the names of the keys
local existed = 0
for i = 2, #KEYS, 2 do
    existed = existed + redis.call('UNLINK', KEYS[i])
    redis.call('DEL', KEYS[i + 1])
end
return {go_to(epoch, seq + 1, ARGV[3]), existed}
