"""Which model answers to a name, from memory. Enter at `follow.Follower.current` and at `route.Routes`.

A `Snapshot` is frozen and carries the revision that it was made from; a change of the configuration makes a new one.
This room decides nothing that `catalog.names` does not say, and knows no HTTP.
"""
