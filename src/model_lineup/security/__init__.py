"""What happened at the doors: sign-ins, refusals, and what was done to people and keys.

Enter at `log.SecurityLog`. Rows of their own, not the journal: they are kept for a time and then dropped, and hold
who, from where and with what, and no secret. It never decides anything.
"""
