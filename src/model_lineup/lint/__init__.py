"""What is odd about the configuration, and what to do about it: rules over models, providers and aliases.

Enter at `linter.Linter`. A rule is one function in one file of `rules/`, found by scan; it is handed a `Scene`, which
`store` reads in one go, and never asks the database itself. Nothing here changes anything.
"""
