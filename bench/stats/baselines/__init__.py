"""Baselines: head against what an earlier run kept, both relative to the reference."""
