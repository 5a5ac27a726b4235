"""What a race found, as records, and what can be read from them: verdicts, other targets, other races."""
