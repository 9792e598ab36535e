"""Regions, stores, opening hours, legal entities; accounts, guides, machine keys."""
