"""What was added on AWS by hand: it hangs on a resource of the environment, and is in none of its states.

Terraform plans only what its states name, so a plan never shows an addition. For each resource of the states AWS is
asked what hangs on it (`tools.change.unmanaged_kinds` says how), and what no state has is shown. Only resources of this
environment are asked about: other environments of the account, ephemeral ones too, stay out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tools.change.findings import FindingKind, ReviewFinding
from tools.change.states import StateResource, States
from tools.change.unmanaged_kinds import additions
from tools.deploy.aws import Clients


def find(states: Mapping[str, Mapping[str, Any]], clients: Clients) -> tuple[list[ReviewFinding], dict[str, list[str]]]:
    """The additions as findings, and for each stack the errors of questions that AWS did not answer.

    `states` maps the name of each stack to its Terraform state.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    known = States(states)
    found: list[ReviewFinding] = []
    silent: dict[tuple[str, str], list[str]] = defaultdict(list)
    for parent in known.resources:
        try:
            found += _of(parent, known, clients)
        except (ClientError, BotoCoreError) as error:
            if "NotFound" in getattr(error, "response", {}).get("Error", {}).get("Code", ""):
                continue  # deleted by hand, which the plan shows
            silent[parent.stack, str(error)].append(parent.address)
    errors: dict[str, list[str]] = defaultdict(list)
    for (stack, reason), addresses in silent.items():
        errors[stack].append(f"AWS does not say what was added to {', '.join(addresses)}: {reason}")
    return found, dict(errors)


def _of(parent: StateResource, known: States, clients: Clients) -> Iterator[ReviewFinding]:
    for addition in additions(parent, known, clients):
        yield ReviewFinding(FindingKind.UNMANAGED, parent.stack, parent.address, f"{addition}: in no state")
