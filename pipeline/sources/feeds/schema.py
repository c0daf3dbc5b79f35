"""The tables of the state of the feeds."""

from typing import Final

__all__ = ["SCHEMA", "VERSION"]

VERSION: Final = 1

SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE feeds (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,          -- as listed, or as named by its parent
    asked_url TEXT NOT NULL,           -- where permanent redirects led
    host TEXT NOT NULL,
    parent INTEGER,                    -- the index or page that names it
    listed INTEGER NOT NULL DEFAULT 1,
    source TEXT NOT NULL,
    language TEXT,
    pages TEXT NOT NULL,
    kind TEXT,
    etag TEXT,
    modified TEXT,
    body_hash TEXT,
    arrivals BLOB,
    next_poll REAL NOT NULL,
    last_success REAL,
    failing_since REAL,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    retired TEXT,
    items INTEGER NOT NULL DEFAULT 0,
    new_items INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE items (                   -- feed 0 has what was last queued of an article, whichever feed it came from
    feed INTEGER NOT NULL,
    key BLOB NOT NULL,
    hash BLOB NOT NULL,
    day INTEGER NOT NULL,              -- when a feed last had it, in days since 1970
    PRIMARY KEY (feed, key)
) WITHOUT ROWID;
CREATE INDEX items_by_day ON items (day);
CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feed INTEGER NOT NULL,
    url TEXT,                          -- the page that is still to be fetched; NULL when the value is ready
    item BLOB,                         -- what the feed says, while the page is not there
    known INTEGER NOT NULL DEFAULT 0,  -- whether an earlier version was queued before
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt REAL NOT NULL DEFAULT 0,
    key TEXT,
    value BLOB,
    batch INTEGER                      -- the batch in which it is being sent
);
CREATE INDEX queue_by_batch ON queue (batch, id) WHERE url IS NULL;
CREATE INDEX queue_of_pages ON queue (next_attempt) WHERE url IS NOT NULL;
CREATE TABLE subscriptions (
    feed INTEGER PRIMARY KEY,
    hub TEXT NOT NULL,
    topic TEXT NOT NULL,               -- by which the hub knows the feed
    token TEXT NOT NULL UNIQUE,        -- the last part of the URL to which the hub pushes
    secret TEXT NOT NULL,              -- with which the hub signs
    next_request REAL NOT NULL,        -- when the hub is asked to begin or to renew
    attempts INTEGER NOT NULL DEFAULT 0,
    asked_until REAL NOT NULL DEFAULT 0, -- until when the hub may verify the last request
    confirmed INTEGER NOT NULL DEFAULT 0, -- whether it has
    leased_until REAL NOT NULL DEFAULT 0,
    error TEXT,
    last_push REAL,
    pushes INTEGER NOT NULL DEFAULT 0
);
"""
