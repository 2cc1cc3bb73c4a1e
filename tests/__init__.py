"""The tests: a folder for each part of bench, and one for the repository itself."""
