"""One file per wire format: how to word an ask, how to read the answer. Pure; no sockets, no credentials."""
