"""Duplicates trees of PostgreSQL rows, level by level, inside the database.

The engine is SQL; this package carries its messages: it takes jobs from a queue, calls the procedures, and sends the
next job of the chain.
"""
