"""Setting up: from the first provider to the first call, step by step; each step can be left and taken up again."""
