-- Raises the generations that are present, keeping their lives; an absent one is invalid already.
-- KEYS[2…]: the generations · ARGV[3]: their names
local now = go_to(epoch, seq + 1, ARGV[3])
for i = 2, #KEYS do
    call('SET', KEYS[i], now, 'XX', 'KEEPTTL')
end
return now
