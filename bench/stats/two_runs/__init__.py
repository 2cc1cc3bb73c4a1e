"""Two runs, side by side: where their facts and figures differ."""
