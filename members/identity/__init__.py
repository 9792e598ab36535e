"""Members, the identifiers that lead to them, and their contacts in WeCom."""
