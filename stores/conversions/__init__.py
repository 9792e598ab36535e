"""Judgements: who is credited for a purchase, and the figures that follow."""
