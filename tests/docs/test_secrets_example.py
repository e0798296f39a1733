"""The example of docs/secrets.md: how an application follows a rotation."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg2
import pytest

DOCS = Path(__file__).parents[2] / "docs"
REFUSED = 'FATAL:  password authentication failed for user "blue"'


@pytest.fixture
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("database_login", DOCS / "examples" / "database_login.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class World:
    """A secret, a server that knows one or more of its logins, and a clock."""

    def __init__(self) -> None:
        self.current = self.login("blue", "1")
        self.valid = [("blue", "1")]
        self.failure = REFUSED
        self.reads = 0
        self.now = 0.0

    @staticmethod
    def login(user: str, password: str) -> str:
        return json.dumps({"host": "db", "port": 5432, "dbname": "app", "username": user, "password": password})

    def get_secret_value(self, **arguments: Any) -> dict[str, str]:
        assert arguments == {"SecretId": "arn:secret"}
        self.reads += 1
        return {"SecretString": self.current}

    def connect(self, **arguments: Any) -> str:
        assert arguments["sslmode"] == "verify-full"
        if (arguments["user"], arguments["password"]) not in self.valid:
            raise psycopg2.OperationalError(self.failure)
        return f"{arguments['user']} {arguments['password']}"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(psycopg2, "connect", world.connect)
    return world


@pytest.fixture
def database(example: ModuleType, world: World) -> Any:
    return example.Database("arn:secret", secrets_manager=world, clock=lambda: world.now)


def test_the_page_shows_the_example_as_it_is_tested() -> None:
    code = (DOCS / "examples" / "database_login.py").read_text()

    assert f"```python\n{code}```" in (DOCS / "secrets.md").read_text()


def test_the_login_is_kept_for_an_hour(database: Any, world: World) -> None:
    assert [database.connect(), database.connect()] == ["blue 1", "blue 1"]
    assert world.reads == 1

    world.now = 3601
    database.connect()
    assert world.reads == 2


def test_after_a_flip_the_kept_login_works_on_and_the_next_reading_gives_the_new_one(
    database: Any, world: World
) -> None:
    database.connect()
    world.current = world.login("green", "2")
    world.valid.append(("green", "2"))

    assert database.connect() == "blue 1"
    world.now = 3601
    assert database.connect() == "green 2"


def test_a_refused_login_is_read_again(database: Any, world: World) -> None:
    database.connect()
    world.current, world.valid = world.login("blue", "2"), [("blue", "2")]

    assert database.connect() == "blue 2"
    assert world.reads == 2


def test_a_login_that_is_refused_although_it_is_current_is_an_error(database: Any, world: World) -> None:
    world.valid = []

    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        database.connect()
    assert world.reads == 2


def test_an_unreachable_server_is_no_reason_to_ask_for_the_secret(database: Any, world: World) -> None:
    world.valid, world.failure = [], "could not connect to server: Connection refused"

    with pytest.raises(psycopg2.OperationalError, match="refused"):
        database.connect()
    assert world.reads == 1
