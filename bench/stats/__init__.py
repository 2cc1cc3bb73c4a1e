"""From what was measured to what may be said of it. Pure: no file, no clock, no process."""
