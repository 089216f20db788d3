"""Groups of people and keys: what a model may be limited to, and what limits of use can be shared by.

Enter at `groups.Groups`; `members` is what other operations of this room write memberships with. Whoever belongs to
what is a row of its own, so two administrators can add members at the same time, and each can be taken back.
"""
