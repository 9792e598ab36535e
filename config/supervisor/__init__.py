"""Runs the demo: its servers, its processes, its first start. Nothing here is needed in
production.
"""
