"""Makes `python -m zerotouch_function` the same as `function-agents`."""

from zerotouch_function.main import main

if __name__ == "__main__":
    main()
