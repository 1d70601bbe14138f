-- Stores an entry if its epoch goes on, its fence stands, its lease is held and no generation has passed its stamp; returns
-- the verdict. The fence goes with the first load that is kept: it has no more to guard, and would only take up room.
-- KEYS[2]: the fence · KEYS[3]: the entry · KEYS[4…]: the generations; then, if one was taken, the lease
-- ARGV[3], ARGV[4]: epoch and seq of the load · ARGV[5]: its fence · ARGV[6]: the entry's life · ARGV[7]: its bytes
-- ARGV[8]: the lease's holder
if ARGV[3] ~= epoch then
    return 'forgotten'
end
if redis.call('GET', KEYS[2]) ~= ARGV[5] then
    return 'fenced'
end
local lease_key = ARGV[8] and KEYS[#KEYS]
if lease_key and redis.call('GET', lease_key) ~= ARGV[8] then
    return 'fenced'
end
for i = 4, lease_key and #KEYS - 1 or #KEYS do
    local of, bumped = string.match(redis.call('GET', KEYS[i]) or '', '^(%x+):(%d+)$')
    if of ~= epoch or tonumber(bumped) > tonumber(ARGV[4]) then
        return 'overtaken'
    end
end
redis.call('SET', KEYS[3], ARGV[7], 'PX', ARGV[6])
redis.call('DEL', KEYS[2])
if lease_key then
    free(lease_key)
end
return 'stored'
