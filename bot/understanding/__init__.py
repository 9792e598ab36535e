"""What was said, what it is about, and what to do with it."""
