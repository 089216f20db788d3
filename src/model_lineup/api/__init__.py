"""The admin API: one file per noun, each with its bodies and its routes; `application.py` puts them together.

It turns HTTP into calls of the rooms and their results into JSON. It has no rule of its own but who may call what.
"""
