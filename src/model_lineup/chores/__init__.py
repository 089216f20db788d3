"""Work that comes round by the clock, done once however many processes serve an instance.

Enter at `chores.Chores`: a process claims what is due, does it, and says when it is due again. A process that dies in
the middle loses its claim after a while. It never knows what the work is.
"""
