"""Notices, purposes, the append-only consent log, and the one question: may this go to her?"""
