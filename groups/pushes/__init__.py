"""Pushes: plan, tasks for guides, results per recipient, tracked links."""
