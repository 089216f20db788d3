"""How long a thread beside the event loop may keep the interpreter while the loop wants it.

With Python's own 5 ms a chunk of a stream that comes while the ledger is written waits for that long: the loop gives
the interpreter away with each look at SQLite. What threads do here comes in batches, and does not mind being
interrupted.
"""

import sys

SWITCH_S = 0.0005


def keep_turns_short() -> None:
    sys.setswitchinterval(SWITCH_S)
