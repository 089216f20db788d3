"""Dated Alembic versions of the two sets of tables, and the step at start that applies them.

Enter at `upgrade.migrate`. Alembic is imported only when a migration is due. A released version is never edited.
"""
