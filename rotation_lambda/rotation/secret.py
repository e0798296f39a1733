"""The secret's JSON: what must be in it, and what the next version holds.

Login names are given explicitly and never derived: a derived name can hit an unrelated role. Everything that this
function does not change is kept, byte for byte.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rotation.errors import BadSecretError

ENGINES = ("postgres", "aurora-postgresql")
MAX_NAME_BYTES = 63
"""PostgreSQL cuts longer identifiers off silently (NAMEDATALEN - 1), so two names could become one."""

MAX_SECRET_BYTES = 65_536
"""https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html"""

RESERVED_PREFIXES = ("pg_", "rds_", "rdsadmin")
RESERVED_NAMES = ("public", "none")

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:\S+")
_PORT = re.compile(r"[0-9]{1,5}")


class Number(NamedTuple):
    """A number as its text: Python would make 1e400 an infinity, which is no JSON."""

    text: str


@dataclass(frozen=True)
class Login:
    """A user name and its password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class SecretValue:
    """One validated version of the application's secret.

    `password` is None in a bootstrap version, which only holds connection facts. `role` and `usernames`
    are set for alternating users, and unset for a single user.
    """

    host: str
    port: int
    dbname: str
    username: str | None
    password: str | None = field(repr=False)
    master_arn: str | None
    usernames: tuple[str, ...]
    role: str | None
    document: Mapping[str, Any] = field(repr=False)
    text: str = field(repr=False)
    version: str
    """The version's id."""

    @property
    def login(self) -> Login | None:
        """User name and password; None in a bootstrap version."""
        return Login(self.username, self.password) if self.username and self.password else None

    @property
    def place(self) -> tuple[object, ...]:
        """Where a password is set, and for whom."""
        return (self.host.lower(), self.port, self.dbname, self.username)

    @property
    def owner(self) -> str:
        """The role that owns the application's objects: the group, or the single user."""
        return self.role or self.next_username

    @property
    def names(self) -> tuple[str, ...]:
        """Every role that the secret names."""
        if self.role is not None:
            return (self.role, *self.usernames)
        return (self.username,) if self.username else ()

    @property
    def next_username(self) -> str:
        """The login that the next rotation gives a new password."""
        if self.role is None or not self.password:
            return self.username or self.usernames[0]
        return next(name for name in self.usernames if name != self.username)

    def differences(self, other: SecretValue) -> list[str]:
        """The keys but those of the login in which the two versions differ in meaning."""
        mine, theirs = self._facts(), other._facts()
        return [key for key in {**mine, **theirs} if key not in mine or key not in theirs or mine[key] != theirs[key]]

    def _facts(self) -> dict[str, Any]:
        """What is the same in every version that a rotation makes of this one."""
        facts = {**self.document, "host": self.host.lower(), "port": self.port, "usernames": set(self.usernames)}
        return {key: value for key, value in facts.items() if key not in ("username", "password")}

    def rotated(self, login: Login) -> str:
        """The JSON of the next version: this one with another login; `BadSecretError` when it would be too large."""
        text = _with_text(_with_text(self.text, "username", login.username), "password", login.password)
        size = len(text.encode())
        if size > MAX_SECRET_BYTES:
            raise BadSecretError(f"the next version would have {size} bytes, AWS allows {MAX_SECRET_BYTES}")
        return text


def parse_secret(text: str, stage: str, version: str = "") -> SecretValue:
    """The application's secret; one `BadSecretError` names every fault of the version at `stage`, quoting no value."""
    document = _document(text, stage)
    value: Callable[[str], Any] = document.get
    usernames = value("usernames")
    alternating = "usernames" in document or "role" in document
    faults: list[str | None] = []
    if value("engine") not in ENGINES:
        faults.append(f"engine must be one of {', '.join(ENGINES)}")
    if not _matches(_HOST, value("host")):
        faults.append("host must be one DNS name, without port, comma or spaces")
    faults.append(_name_fault("dbname", value("dbname")))
    if any(sign in str(value("dbname")) for sign in ("=", "://")):
        faults.append("dbname must be a name, not a connection string")
    if "username" in document or "password" in document or not alternating:
        faults.append(_role_fault("username", value("username")))
    if "password" in document and not _is_password(value("password")):
        faults.append("password must be a text of at least one character (leave the key out in a first version)")
    if "password" not in document and "masterarn" not in document and not alternating:
        faults.append("password is missing, and there is no masterarn with which to set a first one")
    elif ("masterarn" in document or alternating) and not _matches(_ARN, value("masterarn")):
        faults.append("masterarn must be the ARN of the master's secret")
    if alternating:
        faults.append(_role_fault("role", value("role")))
        if not isinstance(usernames, list) or len(usernames) != 2 or usernames[0] == usernames[1]:
            faults.append("usernames must be a list of two different names")
        else:
            faults += [_role_fault("usernames", name) for name in usernames]
            if value("role") in usernames:
                faults.append("role must differ from both usernames")
            if "username" in document and value("username") not in usernames:
                faults.append("username must be one of usernames")
    port = value("port").text if isinstance(value("port"), Number) else value("port")
    if not (_matches(_PORT, port) and 1 <= int(port) <= 65535):
        faults.append("port must be a whole number from 1 to 65535")
    if any(faults):
        raise BadSecretError(f"the {stage} version of the secret: {'; '.join(filter(None, faults))}")
    return SecretValue(
        host=value("host"),
        port=int(port),
        dbname=value("dbname"),
        username=value("username"),
        password=value("password"),
        master_arn=value("masterarn"),
        usernames=tuple(usernames) if alternating else (),
        role=value("role"),
        document=document,
        text=text,
        version=version,
    )


def parse_master(text: str) -> Login:
    """The master's login. The master secret that RDS manages holds nothing else; other keys are ignored."""
    document = _document(text, "master")
    username, password = document.get("username"), document.get("password")
    fault = _name_fault("username", username) or (None if _is_password(password) else "password is missing")
    if fault:
        raise BadSecretError(f"the master's secret (masterarn): {fault}")
    return Login(str(username), str(password))


def _with_text(text: str, key: str, value: str) -> str:
    """The JSON object `text` with one more or another text at `key`, and every other byte as it was."""
    position = text.index("{")
    while text[position] != "}":
        name, end = _DECODER.raw_decode(text, _solid(text, position + 1))
        begin = _solid(text, _solid(text, end) + 1)
        _, end = _DECODER.raw_decode(text, begin)
        if name == key:
            return text[:begin] + json.dumps(value, ensure_ascii=False) + text[end:]
        position = _solid(text, end)
    return f"{text[:end]}, {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}{text[end:]}"


def _solid(text: str, position: int) -> int:
    """The first place from `position` on that is no white space."""
    while text[position] in " \t\r\n":
        position += 1
    return position


def _document(text: str, version: str) -> dict[str, Any]:
    fault = None
    try:
        document = _DECODER.decode(text)
    except KeyError:
        fault = "has a key twice"
    except (ValueError, RecursionError):
        fault = "is not JSON"
    else:
        if isinstance(document, dict):
            return document
        fault = "is JSON but no object"
    # Raised here, outside the handlers: the decoder's error holds the whole text.
    raise BadSecretError(f"the {version} version of the secret {fault}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise KeyError
    return document


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not valid JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=Number, parse_float=Number, parse_constant=_refuse)


def _name_fault(key: str, value: object) -> str | None:
    """What keeps the value of `key` from being a PostgreSQL identifier; None when it is one."""
    if value is None:
        return f"{key} is missing"
    if not isinstance(value, str) or not value.strip():
        return f"{key} must be a non-blank string"
    if _holds(value, "Cc", "Cs"):
        return f"{key} contains a control character"
    size = len(value.encode())
    return f"{key} has {size} bytes, PostgreSQL allows {MAX_NAME_BYTES}" if size > MAX_NAME_BYTES else None


def _role_fault(key: str, value: object) -> str | None:
    if str(value).startswith(RESERVED_PREFIXES) or value in RESERVED_NAMES:
        return f"{key} is a name reserved by PostgreSQL or RDS"
    return _name_fault(key, value)


def _is_password(value: object) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value and not _holds(value, "Cs")


def _holds(value: str, *categories: str) -> bool:
    """Whether a character is of these Unicode categories. Cc are control characters; Cs are halves of surrogate pairs,
    which JSON can hold but no server can be sent.
    """
    return any(unicodedata.category(character) in categories for character in value)


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
