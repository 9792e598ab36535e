"""A fake WeCom server: same paths, tokens, error codes and encrypted callbacks.

It runs as its own process with its own SQLite file and shares no code with the
product: a second reading of the vendor's documents, so that an error in one shows.
"""
