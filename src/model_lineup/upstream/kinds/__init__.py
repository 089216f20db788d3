"""One file per sort of provider, each with a `KIND`. Found by scan: a new file needs no registration."""
