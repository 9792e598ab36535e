"""The control API: seed, acts of people, clock, faults, switches, inspection."""
