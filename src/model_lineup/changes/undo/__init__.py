"""Taking changes back: one change set or several, as a new change set that says which.

Enter at `undo.Undo`. `net` says what is to be done, from the journal alone; `later` what stands against it; `models`,
`aliases` and `providers` do it, by the rules of the catalog. What cannot be taken back says why, and nothing is done by
half: secrets, revocations and people stay as they are.
"""
