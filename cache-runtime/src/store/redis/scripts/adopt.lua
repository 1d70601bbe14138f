-- Begins a new epoch unless this very incarnation of the server wrote the meta.
-- KEYS[2], ARGV[3], in the first partition: how many partitions the namespace has, which is settled once and for all
if KEYS[2] then
    local count = redis.call('GET', KEYS[2])
    if not count then
        redis.call('SET', KEYS[2], ARGV[3])
    elseif count ~= ARGV[3] then
        return redis.error_reply('PARTITIONS the namespace was made with ' .. count .. ' partitions, and this store has '
            .. ARGV[3] .. ': give it another namespace, or clear the server of this one')
    end
end
if not is_own then
    go_to(ARGV[1], 0, '')
end
