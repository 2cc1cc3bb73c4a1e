"""Requirements: what the scenario says must hold, and whether it does."""
