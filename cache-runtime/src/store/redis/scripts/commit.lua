-- Stores an entry if its epoch goes on, its fence stands and no generation has passed its stamp; returns the verdict.
-- The fence goes with the first load that is kept: it has no more to guard, and would only take up room.
-- KEYS[2]: the fence · KEYS[3]: the entry · KEYS[4…]: the generations
-- ARGV[3], ARGV[4]: epoch and seq of the load · ARGV[5]: its fence · ARGV[6]: the entry's life · ARGV[7]: its bytes
if ARGV[3] ~= epoch then
    return 'forgotten'
end
if redis.call('GET', KEYS[2]) ~= ARGV[5] then
    return 'fenced'
end
for i = 4, #KEYS do
    local of, bumped = string.match(redis.call('GET', KEYS[i]) or '', '^(%x+):(%d+)$')
    if of ~= epoch or tonumber(bumped) > tonumber(ARGV[4]) then
        return 'overtaken'
    end
end
redis.call('SET', KEYS[3], ARGV[7], 'PX', ARGV[6])
redis.call('DEL', KEYS[2])
return 'stored'
