-- Begins a new epoch unless this very incarnation of the server wrote the meta.
if incarnation ~= ARGV[2] then
    begin_epoch()
end
return stamp()
