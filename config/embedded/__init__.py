"""PostgreSQL and Valkey as real servers out of wheels, under one folder, for the demo and the
tests.

Here lives how they are laid out, started, found again and stopped; nothing here knows Django or
the demo.
"""
