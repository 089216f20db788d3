"""Single sign-on: people come with an account at a provider of OpenID Connect instead of a password.

Enter at `signon.SingleSignOn`; `rules` says what settings mean. What a provider sends is read in `metadata`, `tokens`
and `claims`; only `provider` talks to it. Whom an account means here is `access.arrivals`' to say. It keeps nothing
of a provider but what a browser carries for ten minutes, and knows nothing of web pages.
"""
