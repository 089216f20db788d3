"""`python -m model_lineup.cli` is `lineup`."""

from model_lineup.cli import main

main()
