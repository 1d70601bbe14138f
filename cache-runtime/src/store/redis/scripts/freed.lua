-- Gives a lease back and wakes those who wait for it. Its name is the prefix, 'l:' and the key; the meta's is the prefix and 'm'.
local function free(lease)
    redis.call('DEL', lease)
    redis.call('PUBLISH', string.sub(KEYS[1], 1, -2) .. 'ev', 'CRL1 ' .. string.sub(lease, #KEYS[1] + 2))
end
