"""Runs the server: one process, or several on one port. Enter at `start.serve`.

`listener` binds, `first_admin` sees that somebody can sign in, `server` runs the shell in uvicorn and ends it in order,
`protocol` is careful with what clients send. With several workers `supervisor` starts and watches over them, and
`worker` is what each of them runs.
"""

from model_lineup.serving.first_admin import address, make_reachable
from model_lineup.serving.start import serve

__all__ = ["address", "make_reachable", "serve"]
