-- Goes on in the history that is there, begins one if there is none, and leaves another incarnation's alone.
if epoch and not is_own then
    return redis.error_reply('FOREIGN the history was written by another incarnation of the server')
end
if not epoch then
    epoch, seq = ARGV[1], 0
    go_to(epoch, seq, '')
end
