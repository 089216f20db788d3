"""Stand-ins to try Lineup with. Imports nothing of Lineup, so that it can be trusted as the other side."""
