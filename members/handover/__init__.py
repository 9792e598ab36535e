"""Customers pass from one guide to another: by WeCom where they are friends, at once where not."""
