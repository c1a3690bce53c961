"""`python -m couvert` is `couvert`."""

from couvert.cli import main

main()
