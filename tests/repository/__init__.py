"""Tests about the repository itself: lock files, documents, layers, set-up, wheel."""
