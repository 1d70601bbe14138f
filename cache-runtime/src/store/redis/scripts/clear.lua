-- Begins a new epoch; the entries of the old one are left to expire.
return begin_epoch()
