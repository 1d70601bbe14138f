-- Begins a new epoch unless this very incarnation of the server wrote the meta.
if incarnation ~= ARGV[2] then
    remember(ARGV[1], 0)
end
return stamp()
