"""What this machine can be trusted with: its facts, its noise, and advice."""
