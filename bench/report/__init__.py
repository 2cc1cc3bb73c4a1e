"""The HTML report and its plots. Pure: a summary in, bytes out."""
