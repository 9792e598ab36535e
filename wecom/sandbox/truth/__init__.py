"""The simulated world itself: people, friendships, groups, conversations. No HTTP here."""
