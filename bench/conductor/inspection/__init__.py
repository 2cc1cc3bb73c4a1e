"""A look into an app, for who has no scenario yet: its paths, what they answer, and a draft."""
