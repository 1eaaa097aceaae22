"""`python -m zoo`, which is also what torchrun starts."""

from zoo.cli.main import main

if __name__ == "__main__":
    main()
