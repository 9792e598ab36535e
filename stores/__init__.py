"""Regions, stores, guides; the ledger of facts; what guides' work led to; the tablet's shell."""
