"""The cellar: who acts, when, encrypted and public fields, money, actions, domain events, hints.

Nothing in here knows a word of retail or of WeCom.
"""
