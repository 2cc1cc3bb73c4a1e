"""Processes of ours: started, found again, weighed, watched over, and ended in whatever way we end."""
