-- KEYS[1]: the meta · ARGV[1]: the name of a new epoch, should one begin · ARGV[2]: the server's incarnation
local epoch, seq, incarnation = string.match(redis.call('GET', KEYS[1]) or '', '^(%x+):(%d+):(.*)$')
seq = tonumber(seq)

local function remember(new_epoch, new_seq)
    epoch, seq = new_epoch, new_seq
    -- '%.0f': a plain tostring writes 1e+15.
    redis.call('SET', KEYS[1], string.format('%s:%.0f:%s', epoch, seq, ARGV[2]))
end

local function stamp()
    return string.format('%s:%.0f', epoch, seq)
end

-- Tells the nodes of this moment and of what it invalidated. The channel lies beside the meta.
local function tell(names)
    redis.call('PUBLISH', string.sub(KEYS[1], 1, -2) .. 'ev', 'CRM1 ' .. stamp() .. ' ' .. names)
    return stamp()
end

local function begin_epoch()
    remember(ARGV[1], 0)
    return tell('')
end

-- Takes a step that is told with the names in the script's last argument.
local function step()
    remember(epoch, seq + 1)
    return tell(ARGV[#ARGV])
end
