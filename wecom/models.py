"""The tables of this floor, imported from its rooms for Django to find them."""
