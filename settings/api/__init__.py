"""Table `api`: the REST API, its clients and its routes. Its types (`tables`), rules and JSON schemas of bodies."""

from settings.api.rules import RULES, path_pattern, path_variables
from settings.api.tables import (
    BODY_METHODS,
    ApiSettings,
    AuthorizerSettings,
    CorsSettings,
    DomainSettings,
    PlanSettings,
    RouteSettings,
    ThrottleSettings,
)

__all__ = [
    "BODY_METHODS",
    "RULES",
    "ApiSettings",
    "AuthorizerSettings",
    "CorsSettings",
    "DomainSettings",
    "PlanSettings",
    "RouteSettings",
    "ThrottleSettings",
    "path_pattern",
    "path_variables",
]
