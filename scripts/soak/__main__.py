"""`python -m scripts.soak`, which `make soak` starts."""

import sys

from scripts.soak.command import main

if __name__ == "__main__":
    sys.exit(main())
