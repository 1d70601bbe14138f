-- Gives a lease back if it still is its holder's: another may have taken it meanwhile.
-- KEYS[2]: the lease · ARGV[3]: its holder
if redis.call('GET', KEYS[2]) == ARGV[3] then
    free(KEYS[2])
end
