"""Who may: people, their sessions, and keys.

Enter at `people.People`, `sessions.Sessions`, `keys.Keys`, `groups.groups.Groups`; `actor.py` says who is asking and
what a role reaches.
Tokens and keys are opaque random strings of which only hashes are stored, so revoking holds on the next request.
It never knows about HTTP.
"""
