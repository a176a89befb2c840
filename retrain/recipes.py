"""Changes to a product's recipe, as somebody types them: pure."""

import json
from collections.abc import Iterable

from core.errors import SettingRefused
from core.product import Recipe


def with_changes(recipe: Recipe, changes: Iterable[str]) -> Recipe:
    """The recipe with each `name=value` applied; a value is JSON (0.5, null), or else a text.

    Raises:
        SettingRefused: No field of that name, or a value that it cannot have.
    """
    fields = recipe.to_json()
    for change in changes:
        name, sign, text = change.partition("=")
        if not sign or name not in fields:
            raise SettingRefused(f"{change!r}; a recipe has {', '.join(sorted(fields))}")
        fields[name] = _value(text)
        if isinstance(fields[name], str) != isinstance(recipe.to_json()[name], str):
            raise SettingRefused(f"{change!r}; it is {recipe.to_json()[name]!r} now")
    try:
        return Recipe.from_json(fields)
    except (ValueError, TypeError) as error:
        raise SettingRefused(str(error)) from error


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
