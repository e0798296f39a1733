"""What Secrets Manager does with staging labels, and how it drives a rotation function."""

import json
import logging
import threading
import time
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.exceptions import JsonRESTError
from moto.secretsmanager.exceptions import ResourceNotFoundException

from tools.local.emulator import functions
from tools.local.emulator.state import STATE

_log = logging.getLogger(__name__)

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
# AWS repeats a failed rotation with the same token for hours; here a few times, and soon.
ATTEMPTS = 3
RETRY_SECONDS = 1.0

# The tokens that a thread is at work on, and how many attempts each has left; under the state's lock.
_left: dict[str, int] = {}


def holder(secret: Any, label: str) -> str | None:
    """The version that has a label."""
    found = (version_id for version_id, version in secret.versions.items() if label in version["version_stages"])
    return next(found, None)


def move_labels(secret: Any, version_id: str | None, *labels: str) -> None:
    """Take labels from the versions that have them, and give them to another one (or to none).

    A version without any label is deleted.
    """
    for label in labels:
        _move(secret, label, version_id)
    secret.versions = {key: version for key, version in secret.versions.items() if version["version_stages"]}


def _move(secret: Any, label: str, version_id: str | None) -> None:
    """AWSPREVIOUS follows AWSCURRENT: it goes to the version that AWSCURRENT left."""
    old = holder(secret, label)
    if old == version_id:
        return
    if old:
        secret.versions[old]["version_stages"].remove(label)
    if version_id:
        secret.versions[version_id]["version_stages"].append(label)
    if label == "AWSCURRENT":
        secret.set_default_version_id(version_id)
        if old:
            _move(secret, "AWSPREVIOUS", old)


def unfinished(secret: Any) -> str | None:
    """The token of a rotation that has not ended: AWSPENDING is on a version that is not the current one."""
    pending = holder(secret, "AWSPENDING")
    return pending if pending != holder(secret, "AWSCURRENT") else None


def _function(secret: Any, arn: str) -> Any:
    return lambda_backends[secret.account_id][secret.region].get_function(arn)


def check_function(secret: Any, arn: str) -> None:
    """AWS checks at once that the function exists and that its policy lets Secrets Manager in."""
    try:
        function = _function(secret, arn)
    except Exception:
        raise ResourceNotFoundException(f"Resource not found for ARN '{arn}'.") from None
    principals = [statement.get("Principal", {}) for statement in function.policy.statements]
    if not any("secretsmanager.amazonaws.com" in json.dumps(principal) for principal in principals):
        raise JsonRESTError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy "
            "grants access to the principal secretsmanager.amazonaws.com.",
        )


def begin(secret: Any, token: str) -> None:
    """Make the empty pending version that createSecret fills."""
    if token not in secret.versions:
        secret.versions[token] = {"createdate": int(time.time()), "version_id": token, "version_stages": []}
    move_labels(secret, token, "AWSPENDING")


def start(secret: Any, token: str) -> None:
    """Rotate in the background: RotateSecret has answered by the time the function runs, whatever comes of
    it. Asked again meanwhile, it has all attempts once more: no request is lost.
    """
    begun = token in _left
    _left[token] = ATTEMPTS
    if not begun:
        threading.Thread(target=_rotate, args=(secret, token), name=f"rotation-{token}", daemon=True).start()


def _succeeds(secret: Any, token: str, step: str) -> bool:
    """One step, with the state's lock held (the function's own calls get it meanwhile)."""
    event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": token}
    try:
        result = functions.run(_function(secret, secret.rotation_lambda_arn), event)
    except Exception as error:  # there is no such function any more
        result = functions.FunctionResult(f"the function cannot be called: {error}", failed=True)
    if result.failed:
        _log.warning("rotation of %s, %s failed: %s", secret.name, step, result.payload)
    return not result.failed


def _goes_on(secret: Any, token: str) -> bool:
    """Neither cancelled, nor deleted, nor has another version become the pending one."""
    return bool(secret.rotation_enabled) and not secret.is_deleted() and holder(secret, "AWSPENDING") == token


def _rotate(secret: Any, token: str) -> None:
    while True:
        with STATE:
            _left[token] -= 1
            ended = not _goes_on(secret, token) or _rotated(secret, token)
            if ended or not _left[token]:
                # With the lock still held, so that the next request starts a thread of its own.
                del _left[token]
                break
        time.sleep(RETRY_SECONDS)
    if not ended:
        _log.warning("rotation of %s was given up; AWSPENDING stays on version %s", secret.name, token)


def _rotated(secret: Any, token: str) -> bool:
    done = all(_goes_on(secret, token) and _succeeds(secret, token, step) for step in STEPS)
    if done:
        secret.last_rotation_date = int(time.time())
    return done
