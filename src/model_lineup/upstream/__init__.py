"""Talking to a provider: what it lists, and one request with all that came back.

Enter at `exchange.list_models` and `exchange.converse`; the values that they take and give are in `contract`.
`registry` finds the provider kinds (one file each in `kinds/`), `dialects/` holds the wire formats, `wire/` the one
HTTP client. This room never reads the database, never judges who may ask, never follows a redirect or any other
address that a provider gives, and never puts a key or a provider's raw body into a message.
"""
