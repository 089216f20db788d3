"""Stand-ins to try Lineup with. Imports nothing of Lineup, so that what it measures can be trusted as the other side."""
