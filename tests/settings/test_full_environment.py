"""`globecart-full` sets every setting there is, so that what tests hold of it they hold of every setting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from all_environments import FULL, load
from pydantic import BaseModel

# Neither stands in a file: it is its name, or the command line.
_NAMES = {"project", "stage", "suffix"}
# What must have its default, because another of the settings needs that.
_DEFAULTS = {
    "api.allowed_cidrs": "with [front] the API is called by CloudFront alone",
    "account.owns_github_provider": "account.github_repository would be without the provider that trusts it",
    "database.restore_from": "whoever deploys it for the first time has no snapshot",
    "database.iam_authentication": "service.database_iam_user needs it",
}


def settings(model: BaseModel, key: str = "") -> Iterator[tuple[str, bool]]:
    """(dotted key, whether it was written down with another value than its default) of every setting in a model."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        models = list(_models(value))
        if models:
            yield from (found for inner in models for found in settings(inner, f"{key}{name}."))
        else:
            yield f"{key}{name}", name in model.model_fields_set and (field.is_required() or value != field.default)


def _models(value: Any) -> Iterator[BaseModel]:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else [value]
    yield from (part for part in inner if isinstance(part, BaseModel))


def test_it_sets_every_setting_to_another_value_than_its_default() -> None:
    found: dict[str, list[bool]] = defaultdict(list)
    for key, is_set in settings(load(FULL)):
        found[key].append(is_set)

    assert len(found) > 140
    assert {key for key, are_set in found.items() if not any(are_set)} - _NAMES == _DEFAULTS.keys()


def test_it_has_every_kind_of_what_has_kinds() -> None:
    api = load(FULL).api

    assert {route.backend for route in api.routes} == {"service", "lambda", "mock"}
    assert {authorizer.type for authorizer in api.authorizers.values()} == {"cognito", "lambda"}
    assert {route.authorizer for route in api.routes} == {None, "iam", *api.authorizers}
