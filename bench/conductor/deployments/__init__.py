"""Deployments: which there are, how each is launched, and each at work."""
