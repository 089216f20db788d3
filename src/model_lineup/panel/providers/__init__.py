"""Providers: their list and order, adding and changing one, testing it, fetching its models."""
