"""Lineup: decides which AI models people and agents may use, and proves that those models work.

Start reading in `app.py`: settings become rooms, rooms become faces.
"""

__version__ = "0.1.0"
