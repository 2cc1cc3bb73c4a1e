"""The two versions of an app that a check compares: out of the repository, each with its packages."""
