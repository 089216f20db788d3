"""What a change will do, before it is made.

Enter at `impact.Impacts` for one model, and at `weighing.weigh` for what a dry run touched. It reads the catalog, the
keys and the ledger, and changes nothing.
"""
