"""What an operator does with a whole instance: back it up, restore it, rotate its keys, look whether it may start.

Enter at `backup.make`, `restore.restore`, `rotation.rotate`. It works on tables and files, not through the
rooms' operations, because it has to work where an instance cannot be opened. It never runs inside a request.
"""
