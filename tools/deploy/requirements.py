"""Prints the packages, with their hashes, that planning and applying take: for `make setup-deploy`.

Run by whichever Python there is, before anything is installed.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

NEEDED = (
    "annotated-types", "attrs", "boto3", "botocore", "jinja2", "jmespath", "jsonschema", "jsonschema-specifications",
    "markdown-it-py", "markupsafe", "mdurl", "psutil", "pydantic", "pydantic-core", "pygments", "python-dateutil",
    "referencing", "rich", "rpds-py", "s3transfer", "six", "tomlkit", "typing-extensions", "typing-inspection",
    "urllib3",
)  # fmt: skip


def requirements(lock: Path) -> Iterator[str]:
    """Lines for pip, from the lock file of pipenv."""
    locked = json.loads(lock.read_text(encoding="utf-8"))
    packages = locked["develop"] | locked["default"]
    for name in NEEDED:
        hashes = " ".join(f"--hash={each}" for each in packages[name]["hashes"])
        yield f"{name}{packages[name]['version']} {hashes}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in requirements(Path(__file__).parents[2] / "Pipfile.lock"))
