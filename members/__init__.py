"""Who the customers are: identity, consent, rewards, registration, audiences, profiles."""
