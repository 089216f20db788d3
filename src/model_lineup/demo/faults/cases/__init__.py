"""The cases, sorted by what is wrong. A class that is written here is found by scan."""
