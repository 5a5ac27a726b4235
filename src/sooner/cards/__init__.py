"""Pages about methods: cards, the table of pairs, usage snippets."""
