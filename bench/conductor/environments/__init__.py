"""Where a server runs: a Python with its packages, programs of the system, variables, and what is there."""
