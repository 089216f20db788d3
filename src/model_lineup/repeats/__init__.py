"""Requests that may come twice: what their `Idempotency-Key` promises.

Enter at `claims.Claims`. A claim is taken before a request is carried out, and holds its answer afterwards; both are in
the database, for all workers and beyond a restart. What a request changes in the configuration carries its claim in the
same transaction (`journal.record.Author.claim`), so that it cannot be done twice. It never knows about HTTP.
"""
