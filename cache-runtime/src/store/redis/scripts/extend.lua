-- Renews a lease; returns whether it still was its holder's.
-- KEYS[2]: the lease · ARGV[3]: its holder · ARGV[4]: for how long, in ms
if redis.call('GET', KEYS[2]) ~= ARGV[3] then
    return 0
end
return redis.call('PEXPIRE', KEYS[2], ARGV[4])
