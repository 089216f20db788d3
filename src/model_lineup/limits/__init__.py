"""How often and how much: failed guesses that lock for a while, rates per second or minute, and limits of keys.

Enter at `guesses.Guesses`, `rates.Rates` and `keys.KeyLimits`. All count in the database, so that all workers and
replicas count together. It never knows what is guessed, done or asked; subjects of guesses and rates are stored under a
keyed hash only.
"""
