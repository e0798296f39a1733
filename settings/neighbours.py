"""Rules between the files of different environments."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from settings.broken import Broken
from settings.cidr import vpc_fault


def broken(own: dict[str, Any], other: dict[str, Any], file: str) -> Iterator[Broken]:
    """Every conflict of `own` with the settings `other` in `file`; both may contain errors."""
    cidr, others_cidr = _cidr(own), _cidr(other)
    # Overlapping VPCs cannot be connected later.
    if cidr and others_cidr and IPv4Network(cidr).overlaps(IPv4Network(others_cidr)):
        yield Broken(
            "network.cidr", cidr, f"a block that does not overlap {others_cidr} of {file}", "choose another block"
        )
    owned = _owned(other)
    for key, place in _owned(own).items():
        if owned.get(key) == place:
            yield Broken(
                key,
                True,
                f"true in only one environment of {' and '.join(place)}; {file} also has true",
                "set it to false in one of the two files",
            )


def _owned(settings: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The account-wide resources that the environment creates: setting -> account, or account and region."""
    account = _table(settings, "account")
    here = str(settings.get("account_id"))
    owned: dict[str, tuple[str, ...]] = {}
    if account.get("owns_api_gateway_role") is True:
        # One for each account and region:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-account.html
        owned["account.owns_api_gateway_role"] = (here, str(settings.get("region")))
    if account.get("github_repository") and account.get("owns_github_provider", True) is True:
        # One for each URL in an account:
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
        owned["account.owns_github_provider"] = (here,)
    return owned


def _cidr(settings: dict[str, Any]) -> str | None:
    cidr = _table(settings, "network").get("cidr")
    return cidr if isinstance(cidr, str) and not vpc_fault(cidr) else None


def _table(settings: dict[str, Any], key: str) -> dict[str, Any]:
    value = settings.get(key)
    return value if isinstance(value, dict) else {}
