"""One file for each capability; `registry` finds them."""
