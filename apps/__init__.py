"""Example applications: one Flask app, and the floor below it that gives the same answers."""
