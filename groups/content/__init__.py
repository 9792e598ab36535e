"""The library: approved materials with a variant per tier, and our own product pages."""
