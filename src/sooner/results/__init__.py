"""The results of a race, as records, and what can be computed from them: verdicts, other targets, other races."""
