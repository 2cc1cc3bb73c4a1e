"""Inference: exact tests, bounds and looks, of which a check and a comparison are made."""
