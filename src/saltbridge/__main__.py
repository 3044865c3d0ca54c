"""``python -m saltbridge`` is the ``saltbridge`` command."""

from saltbridge.cli.main import main

if __name__ == "__main__":
    main()
