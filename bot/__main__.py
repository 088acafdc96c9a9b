"""`python -m bot` is `posse`."""

from bot.cli import main

if __name__ == "__main__":
    main()
