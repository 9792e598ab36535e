"""How a stranger becomes a member: channel codes, the landing page, the proof of her phone."""
