"""A run as a file to take away: its requests as CSV, its report as one HTML page with plots. Pure.

Nothing here reads a clock, a database or the network; nothing that it makes needs any of them. Every text comes from
outside and is escaped; the page holds no script and refers to nothing.
"""
