"""The parts of `bench/gateway.py`: the same load on Lineup and on its peers, in turns.

`cases` says what is measured, `load` builds and runs the upstream and the callers, `targets` starts what stands between
them, `counters` reads the CPU time of processes, `figures` compares, `paper` writes and draws. `upstream.c` and
`reader.c` are in C so that they are not what is measured.
"""
