"""How often: failed guesses that lock for a while, and rates per second or minute.

Enter at `guesses.Guesses` and `rates.Rates`. Both count in the database, so that all workers and replicas count
together. It never knows what is guessed or done, and stores its subjects under a keyed hash only.
"""
