"""The command line, one file per noun. Start at `root.py`; how a verb is made stands in `verbs.py`.

It holds no rules and knows one surface: the admin REST API, called in this process over the local data folder or over
the network with `--url` (`client.py`). Nothing heavy is imported before a verb needs it, so that `--help` is quick.
"""

from model_lineup.cli.root import app, main

__all__ = ["app", "main"]
