"""The command `stacyard`, as the package brings it."""

from __future__ import annotations

import sys

from ._stacyard import command


def main() -> None:
    """Runs the command with the arguments of this process, and ends with its exit status."""
    sys.exit(command(["stacyard", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
