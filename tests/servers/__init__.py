"""Real servers and strict fakes, on loopback."""
