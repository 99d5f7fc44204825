"""`python -m stacyard`: the command."""

from ._command import main

main()
