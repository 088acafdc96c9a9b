"""posse-bot: publish on your own site, announce elsewhere, exactly once."""

__version__ = "0.1.0"
