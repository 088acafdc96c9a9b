"""What the bot derives, against what the real generators make."""
