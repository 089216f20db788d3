"""Proving what models can do: the verdicts on a model's page, and tests of many models with their cost told before."""
