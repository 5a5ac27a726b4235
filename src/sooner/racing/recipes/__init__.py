"""Lanes that are recipes: from a recipe to a run of it."""
