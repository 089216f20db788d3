"""What there is: providers, their models, and the names that models answer to.

Enter at `providers.Providers`, `models.Models`, `aliases.Aliases`, `discovery.Discovery`; each public method is one
administrative operation and owns one transaction. `names.py` holds the pure rules of naming and of resolution.
It never talks to a provider itself (`upstream` does) and never answers user traffic (`routing` does).
"""
