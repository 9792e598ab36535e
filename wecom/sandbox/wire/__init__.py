"""How the sandbox talks: request reading, error texts, the API door, callbacks out."""
