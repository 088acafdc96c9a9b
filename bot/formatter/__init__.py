"""What to say: posts and rules in, finished words out. Pure."""
