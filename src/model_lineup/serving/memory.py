"""Python's cyclic garbage collector, told what it is dealing with.

A full collection walks every object that there is, holding the interpreter all the while: with what Lineup imports,
200 to 350 ms, and a bulk change of 10 000 models brought about one each time (measured 2026-11-23). What
is there once the server is up stays for ever, so it is left out of every later collection; and collections come by the
ten thousand new objects instead of by the 700.
"""

import gc

THRESHOLDS = (20_000, 20, 10)


def settle() -> None:
    """Call it when everything that stays has been made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
