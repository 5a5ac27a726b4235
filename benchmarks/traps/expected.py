"""The traps that today's race falls into. Whoever mends one takes it off the list: a test compares the two."""

WRONG: tuple[str, ...] = ()
