"""Recipes: complete configurations of training, in YAML and Python. Needs the extra `race`."""

from sooner.recipes._choice import Choice as Choice
from sooner.recipes._recipe import Recipe as Recipe
from sooner.recipes._resolve import ALIASES as ALIASES
from sooner.recipes._resolve import Shipped as Shipped
from sooner.recipes._resolve import load as load
from sooner.recipes._resolve import resolve as resolve
from sooner.recipes._resolve import save as save
from sooner.recipes._resolve import shipped as shipped
