"""`python -m duplication`: the same as the `duplication` command."""

from duplication.cli import main

main()
