-- Stores an entry whatever is there, or removes what is there if the fence that it goes by has fallen; and drops the
-- fence of the loads under way.
-- KEYS[2]: the fence · KEYS[3]: the entry · ARGV[3]: the entry's life · ARGV[4]: its bytes
-- ARGV[5]: the fence that has to stand, if any · ARGV[6]: the entry's name
if ARGV[5] == '' or redis.call('GET', KEYS[2]) == ARGV[5] then
    redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[3])
else
    redis.call('UNLINK', KEYS[3])
end
redis.call('DEL', KEYS[2])
return go_to(epoch, seq + 1, ARGV[6])
