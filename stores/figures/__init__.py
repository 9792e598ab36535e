"""Figures: sums kept with the facts, proved every night, and what HQ reads from them."""
