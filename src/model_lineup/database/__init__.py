"""Engines and transactions over SQLite or PostgreSQL. Enter at `engines.Database`.

Two files on SQLite: `lineup.db` holds the configuration, the journal and the revision; `activity.db` (schema
`activity`) holds sessions, runs, events and results, so that using Lineup never waits for administering it. On
PostgreSQL both are schemas of one database. Rooms define their tables on the two MetaData objects here and keep their
SQL in `store.py`. This room never knows what a row means.
"""
