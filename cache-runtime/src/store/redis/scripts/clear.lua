-- Begins a new epoch; the entries of the old one are left to expire.
return go_to(ARGV[1], 0, '')
