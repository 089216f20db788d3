"""The configuration as one file: written by `exporting`, read, planned and applied by `applying` (decision 0047).

`shapes` says what a file holds, one struct for each sort of row; `providers`, `models` and `aliases` know how their
section stands in the database, and how to make it so. Keys never leave: a file names where they are, and whoever
applies it sends them along. Only `changes.store` speaks SQL.
"""
