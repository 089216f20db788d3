"""SQL over the catalog and the sums of the ledger together."""
