"""The secret's JSON: what must be in it, and what the next version holds.

Login names are given explicitly and never derived: a derived name can hit an unrelated role. Everything that this
function does not change is kept, byte for byte.
"""

from __future__ import annotations

import json
import re
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

    engine: str
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
    faults: list[str] = []
    document = _document(text, stage)
    engine = document.get("engine")
    if engine not in ENGINES:
        faults.append(f"engine must be one of {', '.join(ENGINES)}")
    host = document.get("host")
    if not (isinstance(host, str) and _HOST.fullmatch(host)):
        faults.append("host must be one DNS name, without port, comma or spaces")
    dbname = _name(document, "dbname", faults)
    if "=" in dbname or "://" in dbname:
        faults.append("dbname must be a name, not a connection string")
    alternating = "usernames" in document or "role" in document
    username = None
    if "username" in document or "password" in document or not alternating:
        username = _role_name(document, "username", faults)
    password = document.get("password")
    if "password" in document and not _is_password(password):
        faults.append("password must be a text of at least one character (leave the key out in a first version)")
    master_arn = document.get("masterarn")
    if "password" not in document and "masterarn" not in document and not alternating:
        faults.append("password is missing, and there is no masterarn with which to set a first one")
    elif ("masterarn" in document or alternating) and not _is_arn(master_arn):
        faults.append("masterarn must be the ARN of the master's secret")
    usernames: tuple[str, ...] = ()
    role = None
    if alternating:
        role = _role_name(document, "role", faults)
        usernames = _usernames(document, faults)
        if role in usernames:
            faults.append("role must differ from both usernames")
        if username and usernames and username not in usernames:
            faults.append("username must be one of usernames")
    port = _port(document.get("port"), faults)
    if faults:
        raise BadSecretError(f"the {stage} version of the secret: {'; '.join(faults)}")
    return SecretValue(
        engine=str(engine),
        host=str(host),
        port=port,
        dbname=dbname,
        username=username,
        password=password,
        master_arn=master_arn,
        usernames=usernames,
        role=role,
        document=document,
        text=text,
        version=version,
    )


def parse_master(text: str) -> Login:
    """The master's login. The master secret that RDS manages holds nothing else; other keys are ignored."""
    faults: list[str] = []
    document = _document(text, "master")
    username = _name(document, "username", faults)
    password = document.get("password")
    if not _is_password(password):
        faults.append("password is missing")
    if faults:
        raise BadSecretError(f"the master's secret (masterarn): {'; '.join(faults)}")
    return Login(username, str(password))


def _decoder(pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=pairs, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
    )


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _with_text(text: str, key: str, value: str) -> str:
    """The JSON object `text` with one more or another text at `key`, and every other byte as it was."""
    decoder = _decoder()
    position = text.index("{")
    while text[position] != "}":
        name, end = decoder.raw_decode(text, _solid(text, position + 1))
        begin = _solid(text, _solid(text, end) + 1)
        _, end = decoder.raw_decode(text, begin)
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
    repeated: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        repeated.extend(name for name in set(names) if names.count(name) > 1)
        return dict(pairs)

    document: Any = None
    readable = True
    try:
        document = _decoder(unique).decode(text)
    except (ValueError, RecursionError):
        # Raised below, outside the handler: the decoder's error holds the whole text.
        readable = False
    if not readable:
        raise BadSecretError(f"the {version} version of the secret is not JSON")
    if not isinstance(document, dict):
        raise BadSecretError(f"the {version} version of the secret is JSON but no object")
    if repeated:
        raise BadSecretError(f"the {version} version of the secret has a key twice")
    return document


def _name(document: Mapping[str, Any], key: str, faults: list[str]) -> str:
    """A PostgreSQL identifier; a fault and an empty string when it is none."""
    value = document.get(key)
    if not isinstance(value, str) or not value.strip():
        faults.append(f"{key} is missing" if value is None else f"{key} must be a text that is not blank")
        return ""
    fault = _name_fault(value)
    if fault:
        faults.append(f"{key} {fault}")
        return ""
    return value


def _name_fault(value: str) -> str | None:
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value) or not _is_unicode(value):
        return "holds a control character"
    size = len(value.encode())
    return f"has {size} bytes, PostgreSQL allows {MAX_NAME_BYTES}" if size > MAX_NAME_BYTES else None


def _role_name(document: Mapping[str, Any], key: str, faults: list[str]) -> str:
    value = _name(document, key, faults)
    if value.startswith(RESERVED_PREFIXES) or value in RESERVED_NAMES:
        faults.append(f"{key} is a name that PostgreSQL or RDS reserves")
    return value


def _usernames(document: Mapping[str, Any], faults: list[str]) -> tuple[str, ...]:
    value = document.get("usernames")
    if not isinstance(value, list) or len(value) != 2 or value[0] == value[1]:
        faults.append("usernames must be a list of two different names")
        return ()
    return tuple(_role_name({"usernames": name}, "usernames", faults) for name in value)


def _port(value: object, faults: list[str]) -> int:
    text = value.text if isinstance(value, Number) else value
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    faults.append("port must be a whole number from 1 to 65535")
    return 0


def _is_password(value: object) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value and _is_unicode(value)


def _is_unicode(value: str) -> bool:
    """False for half of a surrogate pair, which JSON can hold but no server can be sent."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _is_arn(value: object) -> bool:
    return isinstance(value, str) and _ARN.fullmatch(value) is not None
