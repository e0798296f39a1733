"""Values that no key may have: secrets in plain text, and types that TOML has but settings do not."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from settings.broken import Broken, Unshown

# Names of keys whose value is a secret; PUBLIC_KEY, TOKEN_URL and PASSWORD_LENGTH do not match.
_SECRET_NAME = re.compile(
    r"(PASSWORD|PASSWD|PASSPHRASE|(^|[_-]|DB)PASS|PWD|SECRETS?|TOKEN|CREDENTIALS?|((?<!PUBLIC)[_-]|API|^)KEY([_-]BASE)?)"
    r"([_-]?[0-9]+|[_-](TEXT|VALUE))?$",
    re.IGNORECASE,
)
# Values that look like secrets: a private key, a password in a URL or an option, keys of AWS and GitHub.
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/?#@:]*:[^\s/?#@]+@"
    r"|(?i:\b(password|passwd|passphrase|pwd)=[^\s;&]+)"
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})"
)
# Tables whose values cannot be secrets: references and directories.
_REFERENCES = re.compile(r"^service\.(secrets|mounts)\.")
_REMEDY = "store it in Secrets Manager, refer to it in service.secrets, and change the secret, which Git has stored"


def secrets(settings: dict[str, Any]) -> Iterator[Broken]:
    """Every value that is a secret, by the name of its key or by its format. It is not printed."""
    allowed = "no secret: files are in Git, and their values in the state"
    for key, name, value in _leaves(settings):
        named = _SECRET_NAME.search(name) and value and not _REFERENCES.match(key)
        if isinstance(value, str) and (named or _SECRET_TEXT.search(value)):
            yield Broken(key or "a key", Unshown("contains a secret"), allowed, _REMEDY)


def strangers(settings: dict[str, Any]) -> Iterator[Broken]:
    """Every value of a type that no setting has, such as a date."""
    for key, _, value in _leaves(settings):
        if isinstance(value, datetime.date | datetime.time):  # a datetime is a date
            yield Broken(key, str(value), "no date or time: no setting has this type", "put the value in quotes")
        elif isinstance(value, float) and not math.isfinite(value):
            yield Broken(key, str(value), "a finite number", "correct the value")


def _leaves(value: object, key: str = "", name: str = "") -> Iterator[tuple[str, str, object]]:
    """(dotted key, its last name, value) of every value that is neither table nor list; free keys are texts, too."""
    if isinstance(value, dict):
        for inner, content in value.items():
            yield key, "", inner
            yield from _leaves(content, f"{key}.{bare(inner)}".lstrip("."), inner)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{key}.{index}", name)
    else:
        yield key, name, value


def bare(name: str) -> str:
    """A part of a dotted key in TOML's notation: in quotes if necessary."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
