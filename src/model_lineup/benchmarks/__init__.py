"""How well a model answers: the connection test and the benchmark, and what they found.

Enter at `connection.test_connection` for one request, at `runner.run_in_child` for a measured run. A `plan` says what
to do, `child` does it in a process of its own, `statistics` and `report` turn samples into figures. Nothing here is
ever measured inside the server's process, no failure enters a latency, and no figure is invented where none was seen.
"""
