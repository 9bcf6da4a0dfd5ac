"""`python -m zerotouch`."""

from zerotouch.main import main

main()
