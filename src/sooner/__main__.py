"""The command `sooner`, or a word on what to install where its packages are missing."""

from __future__ import annotations

import sys

from sooner._extras import pip_install


def main() -> None:
    """Run the command line; status 2 where the extra `race` is not installed."""
    try:
        from sooner import cli
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "sooner":
            raise
        print(f"sooner: the command line needs {error.name}: {pip_install('race')}", file=sys.stderr)
        sys.exit(2)
    cli.main()


if __name__ == "__main__":
    main()
