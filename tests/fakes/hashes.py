"""A password is hashed in 30 ms on purpose; tests do it thousands of times, and what it has to cost is held in
tests/access."""

from argon2 import PasswordHasher

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
