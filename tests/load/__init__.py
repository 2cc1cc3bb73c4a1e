"""Tests of the load generator: against h11, and as a process against scripted servers."""
