-- What invalidates is not refused on a full server: without this, none could be invalidated.
is_urgent = true
