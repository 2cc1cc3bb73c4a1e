"""What was measured: the model of it, and the store that keeps it on disk."""
