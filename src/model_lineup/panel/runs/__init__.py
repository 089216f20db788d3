"""Tests & Benchmarks: the list of runs, new ones, one run while it goes on and after, several side by side."""

from model_lineup.panel.proving import many
from model_lineup.panel.runs import comparing, listing, new, one, testing

ROUTERS = (new.router, testing.router, many.router, comparing.router, listing.router, one.router)
