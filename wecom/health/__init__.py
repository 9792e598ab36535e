"""How our side of WeCom fares, for HQ and for Prometheus: applications, quotas, callbacks, outbox.

Reads what the other rooms keep, and presses their buttons; nothing is decided here.
"""
