"""The machine that a race runs on: what it is, how busy, and what energy it uses."""
