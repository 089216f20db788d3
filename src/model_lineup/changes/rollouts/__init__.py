"""Rolling an alias out to another model, by a share of its keys: starting, widening, stopping, finishing.

Enter at `rolling.Rollouts`. What a share means is said by `catalog.rollouts`, and who is moved when somebody calls by
`routing.branching`; this names them beforehand.
"""
