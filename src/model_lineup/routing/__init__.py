"""Which model answers to a name, from memory. Enter at `follow.Follower` and at `route.Routes`.

A `Snapshot` is frozen and carries the revision that it was made from. A change of the configuration makes a new one,
out of the old one and the rows that changed (`delta`). This room decides nothing that `catalog.names` does not say, and
knows no HTTP.
"""
