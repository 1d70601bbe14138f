-- Stores an entry whatever is there, and drops the fence of the loads under way.
-- KEYS[2]: the fence · KEYS[3]: the entry · ARGV[3]: the entry's life · ARGV[4]: its bytes · ARGV[5]: its name
redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return step()
