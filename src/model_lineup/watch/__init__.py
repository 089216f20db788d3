"""Looks at what is stored for what administrators ought to hear of, and has it noticed.

Enter at `watching.Watch`. It decides nothing and changes nothing but notices: each look says what holds now, so what a
crash left out is told by the next one.
"""
