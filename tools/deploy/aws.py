"""Asking AWS what exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from settings import Environment
from tools.synthesized.errors import DeployError

Clients = Callable[[str], Any]
"""Makes boto3 clients by the name of their service."""

Regional = Callable[[str, str], Any]
"""Makes boto3 clients by the name of their service and a region."""


def ask(call: Callable[..., Any], **arguments: Any) -> Mapping[str, Any]:
    """What AWS answers; nothing where what is asked about does not exist."""
    from botocore.exceptions import ClientError

    try:
        answer: Mapping[str, Any] = call(**arguments)
    except ClientError as error:
        if "NotFound" in error.response["Error"]["Code"]:
            return {}
        raise
    return answer


def pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
    """Every item of a list that AWS gives out page by page."""
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(key, ())


@contextmanager
def asked(what: str) -> Iterator[None]:
    """Turn an AWS that refuses, or cannot be reached, into one line that begins with what was not done."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"{what}: {error}") from error


def refuse_other_account(arn: str, environment: Environment) -> None:
    """DeployError where what has this ARN is in another account than the environment's.

    For what boto3 changes: Terraform's provider refuses other credentials by itself (`allowed_account_ids`).
    """
    account = arn.split(":")[4]
    if account != environment.account_id:
        raise DeployError(
            f"the credentials belong to account {account}, but {environment.name} is in {environment.account_id}"
        )
