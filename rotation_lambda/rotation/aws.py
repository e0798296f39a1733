"""Calls to AWS: limited in time, retried if that can help, and with a class for each failure.

botocore's own retries are off, because they do not know the invocation's deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import botocore.exceptions
from botocore.config import Config

from rotation import errors
from rotation.deadline import Deadline

CLIENT_CONFIG = Config(connect_timeout=3, read_timeout=4, retries={"total_max_attempts": 1}, max_pool_connections=2)
"""Seconds. Two attempts on an endpoint that does not answer stay within 10 seconds."""

MAX_ATTEMPTS = 6
MAX_UNREACHABLE_ATTEMPTS = 2
MAX_DENIED_ATTEMPTS = 14
"""About 20 seconds in all: what IAM needs until a policy that was just attached holds everywhere."""
LONGEST_PAUSE_SECONDS = 2.0

_PASSING = ("RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete")
"""Answers of the 400s that pass, as botocore's standard retry mode has them."""

_THROTTLED = "Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestLimitExceeded"
_DENIED = (
    "AccessDenied|AccessDeniedException|KMSAccessDeniedException|DecryptionFailure|EncryptionFailure|ExpiredToken"
    "|ExpiredTokenException|UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException"
)
_CODES: dict[str, type[errors.RotationError]] = {
    **dict.fromkeys(_THROTTLED.split("|"), errors.ThrottledError),
    **dict.fromkeys(_DENIED.split("|"), errors.AccessDeniedError),
    "ResourceNotFoundException": errors.SecretStateError,
    "InvalidRequestException": errors.SecretStateError,
}


@dataclass(frozen=True)
class Caller:
    """Calls client operations inside one invocation's deadline.

    With `retry_denials` a denied call is tried again: the preflight follows the deployment of its own permissions by
    a second.
    """

    deadline: Deadline
    retry_denials: bool = False

    def call(
        self, operation: Callable[..., dict[str, Any]], *, of: str, tolerate: str | None = None, **arguments: Any
    ) -> dict[str, Any]:
        """The answer of `operation`; an empty one when AWS answered with the error code `tolerate`.

        `of` names the resource in error messages. Throttling, an internal failure and an endpoint that
        does not answer are tried again with growing, jittered pauses while the deadline allows.
        """
        attempt = 0
        while True:
            attempt += 1
            code = None
            try:
                return operation(**arguments)
            except botocore.exceptions.ClientError as error:
                code, failure, again = _from_answer(error, operation.__name__, of)
            except botocore.exceptions.BotoCoreError as error:
                failure, again = _from_transport(error, operation.__name__, of)
            # Raised here, outside the handlers, because botocore's errors may contain arguments of the call.
            if tolerate is not None and code == tolerate:
                return {}
            limit = MAX_UNREACHABLE_ATTEMPTS if isinstance(failure, errors.EndpointUnreachableError) else MAX_ATTEMPTS
            if isinstance(failure, errors.AccessDeniedError) and code is not None and self.retry_denials:
                again, limit = True, MAX_DENIED_ATTEMPTS
            if not again or attempt >= limit or not self.deadline.wait(attempt, longest=LONGEST_PAUSE_SECONDS):
                raise failure


def _from_answer(
    error: botocore.exceptions.ClientError, operation: str, of: str
) -> tuple[str, errors.RotationError, bool]:
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    passes = status >= 500 or code in _PASSING
    kind = _CODES.get(code, errors.ServiceError if passes else errors.CallRejectedError)
    # The service's message says which policy denied the call; it never quotes a secret's value.
    said = str(error.response.get("Error", {}).get("Message", ""))[:500]
    return code, kind(f"{operation} of {of} failed with {code}: {said}"), passes or kind is errors.ThrottledError


def _from_transport(
    error: botocore.exceptions.BotoCoreError, operation: str, of: str
) -> tuple[errors.RotationError, bool]:
    name = type(error).__name__
    if isinstance(error, (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError)):
        return errors.EndpointUnreachableError(f"{operation} of {of} got no response ({name})"), True
    if isinstance(error, (botocore.exceptions.NoCredentialsError, botocore.exceptions.PartialCredentialsError)):
        return errors.AccessDeniedError(f"{operation} of {of} has no credentials ({name})"), False
    return errors.CallRejectedError(f"{operation} of {of} could not be called ({name})"), False
