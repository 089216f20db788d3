"""What a model can do, proven: one small request for each capability, and a verdict with its evidence.

Enter at `testing.CapabilityTests`; `each/` has one file for each capability, found by scan, and adding one is adding a
file. Verdicts are pure functions of what came back. This room never guesses from a model's name, never takes a failure
for a "no" unless the provider named the feature, and never overrules what an administrator has pinned.
"""
