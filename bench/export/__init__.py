"""Machine-readable forms of a summary. Pure: a summary in, bytes out."""
