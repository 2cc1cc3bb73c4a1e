"""Checks: head against base, measured side by side, and the verdict on every cell."""
