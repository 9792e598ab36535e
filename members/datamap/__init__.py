"""Where members meet the brand, what they are known by there, and what is missing."""
