"""Work that somebody asked for and that waits for its turn: rows in the database, which every process sees.

Enter at `turns.Turns`. Whoever has a place free claims the next row, does it and takes it away. A process that ends in
good order gives back what it has not done; of one that dies, what was under way is told as lost, and what waited goes
on elsewhere. This room never knows what the work is.
"""
