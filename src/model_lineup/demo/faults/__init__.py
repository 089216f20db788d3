"""A provider that misbehaves: one class per case, each saying what goes wrong and what Lineup must make of it.

`case.Case` is what they share, the modules beside it hold the cases, `server.FaultServer` listens, on 127.0.0.1 and
nowhere else. `lineup drill` runs it for administrators, `python -m model_lineup.demo.faults` for tests. It speaks the
format that it is asked in (`wires`). Like all of `demo` it imports nothing of the house.
"""
