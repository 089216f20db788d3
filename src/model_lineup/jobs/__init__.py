"""Work that must happen once, however many workers and replicas there are.

Two questions, two entries. *Who does this now?* `leases.Leases`: a name with a holder and an end; when its holder dies,
its time runs out and the next one may have it. *What is due, and when is it due again?* `chores.Chores`: work that
comes round by the clock; a process claims it, does it, and says when it comes again; one that dies in the middle loses
its claim. `rounds.rounds` looks again and again for as long as a process lives. This room never knows what the work is.
"""
