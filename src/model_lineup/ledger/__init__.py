"""What was used: one entry for each request to `/v1` that had a valid key, and sums of them by day.

Enter at `recorder.Recorder`, which takes entries from the hot path and writes them in batches beside it, and at
`usage.Usage`, which answers who used what. It keeps no word of what was asked or answered, and decides nothing.
"""
