"""The figures. Each takes what it shows and a width in CSS pixels, and gives a matplotlib figure."""
