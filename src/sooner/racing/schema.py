"""The tables of race.db, and what makes those of each older version today's."""

VERSION = 5

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, lane TEXT NOT NULL, seed INTEGER NOT NULL,
  started TEXT NOT NULL, finished TEXT NOT NULL,
  steps INTEGER NOT NULL, examples INTEGER NOT NULL, seconds REAL NOT NULL,
  test_metric REAL, peak_memory_bytes INTEGER, flops REAL, stopped TEXT, resumed INTEGER NOT NULL,
  output TEXT, energy_joules REAL, host TEXT NOT NULL DEFAULT '', sparse_flops REAL,
  environment INTEGER NOT NULL DEFAULT 0, told_seconds INTEGER NOT NULL DEFAULT 0,
  reference REAL,
  UNIQUE (lane, seed)
) STRICT;
CREATE TABLE phases (run INTEGER NOT NULL REFERENCES runs, name TEXT NOT NULL, seconds REAL NOT NULL) STRICT;
CREATE TABLE evaluations (
  run INTEGER NOT NULL REFERENCES runs, seconds REAL NOT NULL, step INTEGER NOT NULL, examples INTEGER NOT NULL,
  metric REAL NOT NULL, besides REAL NOT NULL DEFAULT 0, scoring REAL NOT NULL DEFAULT 0,
  scored INTEGER NOT NULL DEFAULT 0, kind TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE events (
  at TEXT NOT NULL DEFAULT (datetime('now')), text TEXT NOT NULL DEFAULT '', kind TEXT, fields TEXT
) STRICT;
CREATE TABLE attempts (id INTEGER PRIMARY KEY, record TEXT NOT NULL) STRICT;
"""
# What makes a store of each older version one of the next.
MIGRATIONS = {
    1: """
ALTER TABLE runs ADD COLUMN output TEXT;
ALTER TABLE runs ADD COLUMN energy_joules REAL;
ALTER TABLE runs ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE evaluations ADD COLUMN besides REAL NOT NULL DEFAULT 0;
ALTER TABLE evaluations ADD COLUMN scoring REAL NOT NULL DEFAULT 0;
ALTER TABLE evaluations ADD COLUMN scored INTEGER NOT NULL DEFAULT 0;
""",
    2: """
ALTER TABLE runs ADD COLUMN sparse_flops REAL;
ALTER TABLE evaluations ADD COLUMN kind TEXT NOT NULL DEFAULT '';
""",
    # Until then an event was a sentence, its text; those have no kind.
    3: """
ALTER TABLE events ADD COLUMN kind TEXT;
ALTER TABLE events ADD COLUMN fields TEXT;
""",
    4: """
ALTER TABLE runs ADD COLUMN environment INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN told_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN reference REAL;
CREATE TABLE attempts (id INTEGER PRIMARY KEY, record TEXT NOT NULL) STRICT;
""",
}
