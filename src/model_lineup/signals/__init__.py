"""What one process tells all others that serve the same instance: small, rare, heard within a second or two.

Enter at `signals.Signals` to say something, and at `signals.Ear` to hear it, one for each process. It goes through the
database, so that workers, replicas and the command line reach each other. It never knows what a signal means.
"""
