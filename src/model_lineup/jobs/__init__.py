"""Work that must happen once, however many workers and replicas there are: who does it holds a lease for a while.

Enter at `leases.Leases`. A lease is a name with a holder and an end; when its holder dies, its time runs out and the
next one may have it. This room never knows what the work is.
"""
