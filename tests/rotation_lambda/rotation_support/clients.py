"""boto3 clients of the emulated AWS, made cheap: thousands of calls are most of what these tests compute."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from rotation.aws import CLIENT_CONFIG

CALLERS = 20
"""Calls at once: as many as the largest test of concurrency makes."""

_UNSIGNED = CLIENT_CONFIG.merge(Config(signature_version=UNSIGNED))
"""As in production, but unsigned: nobody checks the signature. The tests of other processes and of the entry
point sign.
"""


@contextmanager
def clients() -> Iterator[Callable[[str], Any]]:
    """Makes the client of a service. boto3 and moto work in threads that are not traced: whoever measures the
    coverage of this thread would slow every instruction of theirs, too.
    """
    with ThreadPoolExecutor(CALLERS, initializer=partial(sys.settrace, None)) as threads:
        yield lambda service: _Client(boto3.client(service, config=_UNSIGNED), threads)


class _Client:
    def __init__(self, real: Any, threads: ThreadPoolExecutor) -> None:
        self._real = real
        self._threads = threads

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        real = getattr(self._real, operation)

        def call(**arguments: Any) -> Any:
            return self._threads.submit(real, **arguments).result()

        call.__name__ = operation
        return call
