-- A script that has written is no longer refused for want of memory: without this, a full server could not be invalidated.
redis.call('PERSIST', KEYS[1])
