"""Notices on their way to other systems: addresses that administrators enter, and a queue of deliveries to each.

Enter at `webhooks.Webhooks` for the addresses and at `courier.Courier` for the deliveries. What there is to tell,
`notices` knows; what is sent, and what is promised about it, stands in `messages` and docs/howto/webhooks.md.
"""
