"""`python -m crossdock` is the command line."""

from crossdock.cli.main import main

main()
