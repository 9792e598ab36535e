"""Saved rules that select members, counted and explained in SQL."""
