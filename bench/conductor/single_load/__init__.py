"""Load on one URL, without a scenario."""
