"""Killing a rotation between any two of its statements and AWS calls, every time at the same point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg2
import psycopg2.extensions

from rotation.postgres import APPLICATION_NAME


class Killed(BaseException):
    """The process ends here. Not an `Exception`: no handler of the code under test may see it."""


class Breaker:
    """Counts the points at which a process can die, and calls `act` at the chosen one.

    A point lies before each connection, statement, commit and AWS call, with a name (`connect`, the
    statement's text, `commit`, the operation). `chosen` is a number, or a part of a name of which the
    first match counts.
    """

    def __init__(self, chosen: int | str | None = None, act: Callable[[], object] | None = None) -> None:
        self.points: list[str] = []
        self._chosen = chosen
        self._act = act or self._kill

    @staticmethod
    def _kill() -> None:
        raise Killed

    def pass_point(self, name: str) -> None:
        self.points.append(name)
        chosen = self._chosen
        if len(self.points) - 1 == chosen or (isinstance(chosen, str) and chosen in name):
            self._chosen = None
            self._act()

    def client(self, real: Any) -> Any:
        """`real` with a point before every operation."""
        return _Client(real, self)

    @contextmanager
    def database(self) -> Iterator[None]:
        """A point before every connection, statement, large object and commit the Lambda makes while the
        context is open.
        """
        breaker, connect = self, psycopg2.connect

        class Cursor(psycopg2.extensions.cursor):
            def execute(self, statement: Any, variables: Any = None) -> None:
                breaker.pass_point(statement if isinstance(statement, str) else statement.as_string(self))
                super().execute(statement, variables)

        class Connection(psycopg2.extensions.connection):
            def cursor(self, *arguments: Any, **named: Any) -> Any:
                return super().cursor(*arguments, cursor_factory=Cursor, **named)

            def lobject(self, *arguments: Any, **named: Any) -> Any:
                breaker.pass_point("large object")
                return super().lobject(*arguments, **named)

            def commit(self) -> None:
                breaker.pass_point("commit")
                super().commit()

        def connect_with_points(**arguments: Any) -> Any:
            if arguments.get("application_name") != APPLICATION_NAME:
                return connect(**arguments)
            breaker.pass_point("connect")
            return connect(connection_factory=Connection, **arguments)

        with mock.patch("psycopg2.connect", connect_with_points):
            yield


class _Client:
    def __init__(self, real: Any, breaker: Breaker) -> None:
        self._real = real
        self._breaker = breaker

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        real = getattr(self._real, operation)

        def call(**arguments: Any) -> Any:
            self._breaker.pass_point(operation)
            return real(**arguments)

        call.__name__ = operation
        return call
