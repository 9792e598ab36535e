"""Measurements: each module has `run(scale)`; `manage.py bench` prints and keeps the results."""
