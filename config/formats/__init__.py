"""How numbers are written here where Django's own formats of a language differ."""
