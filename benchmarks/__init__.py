"""Programs that check what the project claims about itself, by ratios taken side by side in one run.

Each is started with `python -m benchmarks.NAME`; docs/benchmarks.md says what they claim and found.
"""
