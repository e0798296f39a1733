"""Policies as AWS answers them: it keeps what they mean, not their text."""

from __future__ import annotations

import json
import re
from typing import Any

_ACCOUNT = re.compile(r"\d{12}")


def saved(policy: str) -> str:
    """An account as the ARN of its root user, a list of one as its element, other lists in another order.

    https://github.com/hashicorp/terraform/issues/9036 and
    https://github.com/hashicorp/terraform/pull/4278 (S3),
    https://github.com/hashicorp/terraform-provider-aws/pull/1546 (SNS),
    https://github.com/hashicorp/terraform-provider-aws/issues/9042 (roles, in any order).
    """
    try:
        return json.dumps(_saved(json.loads(policy)))
    except ValueError:
        return policy  # for moto to refuse


def _saved(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _saved(value[name], name) for name in sorted(value)}
    if isinstance(value, list) and key == "Statement":
        return [_saved(statement) for statement in value]
    if isinstance(value, list):
        return _saved(value[0], key) if len(value) == 1 else sorted((_saved(each, key) for each in value), key=str)
    return f"arn:aws:iam::{value}:root" if key == "AWS" and _ACCOUNT.fullmatch(str(value)) else value
