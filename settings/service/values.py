"""Types of values that several tables of the service use."""

from __future__ import annotations

from typing import Annotated

from settings.base import described

# The prefix of a reference to the application's own database secret; other secrets are named by ARN.
DATABASE_REFERENCE = "database:"

EnvironmentVariable = Annotated[str, described("an environment variable name", r"^[A-Z][A-Z0-9_]{0,62}$")]

ContainerPath = Annotated[
    str, described("an absolute directory in the container, e.g. /mnt/media", r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*){1,8}$")
]

SecretReference = Annotated[
    str,
    described(
        '"database:<JSON key>" (the application\'s database secret) or the ARN of a secret, '
        "optionally with :<JSON key>",
        rf"^({DATABASE_REFERENCE}[a-z]+|arn:aws:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:[A-Za-z0-9/_+=.@-]+"
        r"-[A-Za-z0-9]{6}(:[A-Za-z0-9_.-]+)?)$",
    ),
]

KeyArn = Annotated[str, described("the ARN of a KMS key", r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f-]{36}$")]

# The grammar of image names: https://github.com/distribution/reference/blob/main/reference.go
_REPOSITORY = r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?/)?[a-z0-9]+(([._]|__|-+|/)[a-z0-9]+)*"

_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"

Image = Annotated[
    str,
    described(
        "a container image with a tag, or with a digest (required in production): <repository>@sha256:<64 hex digits>",
        rf"^{_REPOSITORY}(:{_TAG}|(:{_TAG})?@sha256:[0-9a-f]{{64}})$",
    ),
]
LinkName = Annotated[
    str, described("a name of 1 to 12 lower-case letters, digits and -", r"^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$")
]
