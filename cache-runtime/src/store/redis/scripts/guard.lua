-- Goes on in the history that is there, begins one if there is none, and leaves another incarnation's alone.
if incarnation and incarnation ~= ARGV[2] then
    return redis.error_reply('FOREIGN the history was written by another incarnation of the server')
end
if not epoch then
    begin_epoch()
end
