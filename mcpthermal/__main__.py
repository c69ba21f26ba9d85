"""``python -m mcpthermal`` is the command ``mcpthermal``."""

from mcpthermal.cli import main

if __name__ == "__main__":
    main()
