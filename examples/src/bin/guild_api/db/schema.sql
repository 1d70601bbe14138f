CREATE TABLE IF NOT EXISTS guilds (
    guild_id INTEGER PRIMARY KEY,
    -- Of the roster: raised by every change of `members`.
    version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE IF NOT EXISTS members (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    nickname TEXT NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS settings (
    guild_id INTEGER PRIMARY KEY,
    language TEXT NOT NULL DEFAULT 'en',
    slow_mode_seconds INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE IF NOT EXISTS permissions (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    tool TEXT NOT NULL,
    allowed INTEGER NOT NULL DEFAULT 1,
    version INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (guild_id, user_id, tool)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS users (
    user_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    bio TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1
);
