"""Append-only facts: touches, purchases, ownership, merged member numbers."""
