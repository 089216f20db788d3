"""What was changed: every effective change of the configuration is one change set, written in its own transaction.

Enter at `record.Journal.change`, which every administrative operation runs in, and at `store` for reading.
It never decides whether a change is allowed, and never holds a secret.
"""
