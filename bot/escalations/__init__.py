"""Questions handed to a person, with a deadline."""
