"""The parts of `bench/benchmark_truth.py`: the schedules, the tools that are compared, what becomes of their figures.

`cases` says what is measured, `provider` runs the upstream that knows the truth, `ours` and `peers` measure, `figures`
compares, `paper` writes and draws.
"""
