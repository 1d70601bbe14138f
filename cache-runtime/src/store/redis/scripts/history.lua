-- KEYS[1]: the meta · ARGV[1]: the name of a new epoch, should one begin · ARGV[2]: the server's incarnation
local call = redis.call
local epoch, seq, incarnation, stamped
-- By position and not by captures, which would cost as much as everything else here.
local meta = call('GET', KEYS[1])
local _, colon = string.find(meta or '', '^%x+:%d+:')
if colon and string.byte(meta, 17) == 58 then
    epoch, seq = string.sub(meta, 1, 16), tonumber(string.sub(meta, 18, colon - 1))
    incarnation = string.sub(meta, colon + 1)
end

local function stamp()
    -- '%.0f': a plain tostring writes 1e+15.
    stamped = stamped or string.format('%s:%.0f', epoch, seq)
    return stamped
end

local function remember(new_epoch, new_seq)
    epoch, seq, stamped = new_epoch, new_seq, nil
    call('SET', KEYS[1], stamp() .. ':' .. ARGV[2])
end

-- Tells the nodes of this moment and of what it invalidated. The channel lies beside the meta.
local function tell(names)
    call('PUBLISH', string.sub(KEYS[1], 1, -2) .. 'ev', 'CRM1 ' .. stamp() .. ' ' .. names)
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
