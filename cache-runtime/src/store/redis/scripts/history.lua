-- KEYS[1]: the meta · ARGV[1]: the name of a new epoch, should one begin · ARGV[2]: the server's incarnation
local call = redis.call
local epoch, seq, is_own, is_urgent
-- By position: one pattern for all of it, with captures, would cost as much as everything else here.
local meta = call('GET', KEYS[1])
local _, colon = string.find(meta or '', '^%d+:', 18)
if colon and string.byte(meta, 17) == 58 and not string.find(string.sub(meta, 1, 16), '%X') then
    epoch, seq = string.sub(meta, 1, 16), tonumber(string.sub(meta, 18, colon - 1))
    is_own = string.find(meta, ARGV[2], colon + 1, true) == colon + 1 and colon + #ARGV[2] == #meta
end

-- Takes the history to a moment, and tells the nodes of it and of what it invalidated; returns its stamp.
-- One function: each that a script defines is made anew whenever it is called.
local function go_to(to_epoch, to_seq, names)
    -- '%.0f': a plain tostring writes 1e+15.
    local now = string.format('%s:%.0f', to_epoch, to_seq)
    local of_now = now .. ':' .. ARGV[2]
    if not is_urgent then
        redis.call('SET', KEYS[1], of_now)
    elseif redis.pcall('SET', KEYS[1], of_now).err then
        -- A script that has written is no longer refused for want of memory.
        redis.call('PERSIST', KEYS[1])
        redis.call('SET', KEYS[1], of_now)
    end
    -- The channel lies beside the meta.
    redis.call('PUBLISH', string.sub(KEYS[1], 1, -2) .. 'ev', 'CRM1 ' .. now .. ' ' .. names)
    return now
end
