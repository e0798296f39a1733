"""The secret and its versions during one rotation.

Every read names the stage; otherwise Secrets Manager may return a different version.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from rotation import errors
from rotation.aws import LONGEST_PAUSE_SECONDS, Caller
from rotation.events import Event
from rotation.secret import Login, SecretValue, parse_master, parse_secret

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"
PREVIOUS = "AWSPREVIOUS"

EMPTY_PENDING_ATTEMPTS = 3
"""A version just written can take a moment to be readable."""


class SecretState(NamedTuple):
    """What DescribeSecret says."""

    arn: str
    stages: Mapping[str, tuple[str, ...]]
    """The stages of each version id."""
    rotation_enabled: bool
    last_rotated: datetime.datetime | None
    created: datetime.datetime | None

    def version_with(self, stage: str) -> str | None:
        """The id of the version that holds `stage`."""
        return next((version for version, stages in self.stages.items() if stage in stages), None)


@dataclass(frozen=True)
class SecretStore:
    """Reads and writes of Secrets Manager for one invocation."""

    _client: Any
    _caller: Caller

    def describe(self, secret_id: str) -> SecretState:
        """The secret's state; `SecretStateError` when it is to be deleted."""
        answer = self._call("describe_secret", secret_id)
        if answer.get("DeletedDate"):
            raise errors.SecretStateError(f"secret {secret_id} is scheduled for deletion")
        return SecretState(
            arn=str(answer["ARN"]),
            stages={version: tuple(stages) for version, stages in answer.get("VersionIdsToStages", {}).items()},
            rotation_enabled=bool(answer.get("RotationEnabled")),
            last_rotated=answer.get("LastRotatedDate"),
            created=answer.get("CreatedDate"),
        )

    def check_event(self, event: Event, state: SecretState) -> bool:
        """Whether the event's version is current already; an error when it is not one to rotate to."""
        if not state.rotation_enabled:
            raise errors.SecretStateError(f"rotation is not enabled for secret {event.secret_id}")
        if not state.stages:
            raise errors.SecretStateError(f"secret {event.secret_id} has no version")
        stages = state.stages.get(event.token)
        if stages is not None and CURRENT in stages:
            return True
        if stages is None or PENDING not in stages:
            holder = state.version_with(PENDING)
            raise errors.PendingVersionError(
                f"version {event.token} is {'unknown' if stages is None else 'not labelled AWSPENDING'}; "
                f"{f'version {holder} holds that label' if holder else 'no version holds that label'}"
            )
        return False

    def current(self, secret_id: str) -> SecretValue:
        """The validated AWSCURRENT version."""
        current = self._value(secret_id, CURRENT)
        if current is None:
            raise errors.SecretStateError(f"secret {secret_id} has no AWSCURRENT version")
        return current

    def previous(self, secret_id: str) -> SecretValue | None:
        """The AWSPREVIOUS version; None when there is none or it is unusable: it is a last resort, never a
        cause.
        """
        try:
            return self._value(secret_id, PREVIOUS)
        except errors.RotationError:
            return None

    def pending(self, event: Event) -> SecretValue | None:
        """The validated version of this rotation; None when it has no value yet."""
        try:
            return self._value(event.secret_id, PENDING, event.token)
        except errors.BadSecretError as error:
            raise errors.PendingVersionError(error.fault) from None

    def written_pending(self, event: Event) -> SecretValue:
        """The version of this rotation, which an earlier step wrote; `PendingVersionError` when it has no
        value.
        """
        deadline = self._caller.deadline
        for attempt in range(EMPTY_PENDING_ATTEMPTS):
            if attempt and not deadline.wait(attempt, longest=LONGEST_PAUSE_SECONDS):
                break
            pending = self.pending(event)
            if pending is not None:
                return pending
        raise errors.PendingVersionError(f"version {event.token} has no value: createSecret has not run for it")

    def put_pending(self, event: Event, text: str) -> None:
        """Write the version of this rotation.

        One that exists is left as it is: another invocation was faster.
        """
        version = {"ClientRequestToken": event.token, "SecretString": text, "VersionStages": [PENDING]}
        if event.rotation_token is not None:
            version["RotationToken"] = event.rotation_token
        self._call("put_secret_value", event.secret_id, tolerate="ResourceExistsException", **version)

    def promote(self, event: Event, current: SecretValue) -> None:
        """Move AWSCURRENT from `current` to the version of this rotation. A move that another invocation finished
        counts. AWS moves it from no other version than the named one, so an edit of this moment is not lost.

        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
        """
        if self.describe(event.secret_id).version_with(CURRENT) == event.token:
            return
        move = {"MoveToVersionId": event.token, "RemoveFromVersionId": current.version}
        try:
            self._call("update_secret_version_stage", event.secret_id, VersionStage=CURRENT, **move)
        except errors.RotationError:
            holder = self.describe(event.secret_id).version_with(CURRENT)
            if holder == current.version:
                raise
            if holder != event.token:
                moved = f"AWSCURRENT moved from version {current.version} to {holder} during this step"
                raise errors.SecretMismatchError(moved) from None

    def master(self, master_arn: str) -> Login:
        """The master's login, from its own secret."""
        answer = self._read(master_arn, CURRENT)
        if not answer:
            raise errors.SecretStateError(
                f"the master's secret {master_arn} does not exist or has no AWSCURRENT version"
            )
        return parse_master(answer["SecretString"])

    def _value(self, secret_id: str, stage: str, version: str | None = None) -> SecretValue | None:
        answer = self._read(secret_id, stage, version)
        return parse_secret(answer["SecretString"], stage, answer["VersionId"]) if answer else None

    def _read(self, secret_id: str, stage: str, version: str | None = None) -> dict[str, Any]:
        """The version that holds `stage`; empty when there is none."""
        chosen = {"VersionStage": stage, **({"VersionId": version} if version else {})}
        answer = self._call("get_secret_value", secret_id, tolerate="ResourceNotFoundException", **chosen)
        if answer and not isinstance(answer.get("SecretString"), str):
            raise errors.BadSecretError(f"the {stage} version of {secret_id} is binary, not text")
        return answer

    def _call(self, operation: str, secret_id: str, *, tolerate: str | None = None, **arguments: Any) -> dict[str, Any]:
        call = getattr(self._client, operation)
        return self._caller.call(call, of=secret_id, tolerate=tolerate, SecretId=secret_id, **arguments)
