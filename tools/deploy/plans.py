"""Plans of all stacks of an environment, saved; applied exactly as they were saved, or not at all.

`.local/plans/<environment>` holds for each stack the plan file and a note of what it rests on: the synthesized JSON,
the state's serial, and the values of the outputs of other stacks that it reads. A plan of which any of these has
changed is refused. Plan files hold values in clear text: the folder is readable to its owner only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.deploy import processes, states, terraform
from tools.deploy.graph import in_order
from tools.deploy.processes import OnLine
from tools.synthesized import references, stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack

States = Mapping[str, Mapping[str, Any]]
_LOCK_WAIT = "-lock-timeout=120s"
_PARALLELISM = "-parallelism=30"


@dataclass(frozen=True)
class Planned:
    """One stack's plan: what `terraform show -json` says of it, or why there is none."""

    stack: str
    document: dict[str, Any] | None = None
    errors: tuple[str, ...] = ()
    note: str = ""

    @property
    def changes(self) -> bool:
        """Whether applying it would change a resource or an output."""
        document = self.document or {}
        actions = [change["change"]["actions"] for change in document.get("resource_changes", ())]
        actions += [change["actions"] for change in document.get("output_changes", {}).values()]
        moved = any("previous_address" in change for change in document.get("resource_changes", ()))
        return moved or any(action not in (["no-op"], ["read"]) for action in actions)


def folder(environment: str) -> Path:
    """Where the plans of an environment are saved; only its owner can read it."""
    place = terraform.WORK / "plans" / environment
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def run_plan(
    stack: Stack, file: Path, environ: Mapping[str, str], *options: str, say: OnLine = processes.ignore
) -> Planned:
    """Initialize and plan one stack into `file`. A plan that fails keeps what Terraform knew, and its errors."""
    file.unlink(missing_ok=True)
    if errors := init(stack, environ):
        return Planned(stack.name, errors=errors)
    command = ["plan", "-json", "-input=false", _LOCK_WAIT, _PARALLELISM, f"-out={file}", *options]
    done = terraform.run(command, cwd=stack.folder, environ=environ, check=False, on_line=_messages(stack, say))
    errors = tuple(diagnostics(done.stdout))
    if done.returncode and not errors:
        errors = (done.stderr.strip() or "terraform plan failed",)
    if not file.is_file():
        return Planned(stack.name, errors=errors)
    file.chmod(0o600)
    shown = terraform.run(["show", "-json", str(file)], cwd=stack.folder, environ=environ)
    return Planned(stack.name, json.loads(shown.stdout), errors)


def init(stack: Stack, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Initialize a stack's folder; returns the errors."""
    done = terraform.init(stack.folder, environ, check=False)
    return (f"terraform init: {done.stdout}{done.stderr}".strip(),) if done.returncode else ()


def run_apply(
    stack: Stack, file: Path | None, environ: Mapping[str, str], *, say: OnLine = processes.ignore
) -> tuple[str, ...]:
    """Apply a saved plan, or without one whatever there is to do; returns the errors, none when it was applied."""
    command = ["apply", "-json", "-input=false", _LOCK_WAIT, _PARALLELISM, str(file or "-auto-approve")]
    done = terraform.run(command, cwd=stack.folder, environ=environ, check=False, on_line=_messages(stack, say))
    if done.returncode == 0:
        return ()
    return tuple(diagnostics(done.stdout)) or (done.stderr.strip() or "terraform apply failed",)


def diagnostics(lines: str) -> list[str]:
    """The errors in what Terraform prints with `-json`."""
    found = []
    for line in lines.splitlines():
        diagnostic = _message(line).get("diagnostic", {})
        if diagnostic.get("severity") == "error":
            place = f"{diagnostic['address']}: " if diagnostic.get("address") else ""
            detail = " ".join(diagnostic.get("detail", "").split())
            found.append(without_stack_trace(f"{place}{diagnostic['summary']}" + (f": {detail}" if detail else "")))
    return found


def without_stack_trace(text: str) -> str:
    """The text with what a failed Lambda function returned reduced to its error: the trace is in the function's log.

    The form: https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    start = text.find("{")
    while start != -1:
        with contextlib.suppress(ValueError, RecursionError):
            found, end = json.JSONDecoder().raw_decode(text, start)
            if "errorMessage" in found:
                kind = f"{found['errorType']}: " if found.get("errorType") else ""
                return f"{text[:start]}{kind}{found['errorMessage']}{text[end:]}"
        start = text.find("{", start + 1)
    return text


def _message(line: str) -> dict[str, Any]:
    """One line that Terraform printed with `-json`; empty for any other."""
    with contextlib.suppress(ValueError):
        found = json.loads(line)
        return found if isinstance(found, dict) else {}
    return {}


def _messages(stack: Stack, say: OnLine) -> OnLine:
    """Hands on what people read of each line that Terraform prints with `-json`."""

    def one(line: str) -> None:
        say(f"{stack.name}: {without_stack_trace(_message(line).get('@message', line))}")

    return one


def plan(environment: str, *, environ: Mapping[str, str], s3: Any) -> list[Planned]:
    """Plan and save every stack that can be planned; those that wait for others say so in their note.

    Raises DeployError when nothing is synthesized or the state bucket cannot be read.
    """
    found = stacks.find(environment)
    states = read_states(found, s3)
    reads = references.reads_of({stack.name: stack.configuration for stack in found})
    place = folder(environment)
    for stale in (*place.glob("*.tfplan"), *place.glob("*.saved.json")):
        stale.unlink()

    def one(stack: Stack) -> Planned:
        rests_on = _rests_on(stack, states, reads[stack.name])
        missing = sorted({key.partition(".")[0] for key, value in rests_on["reads"].items() if value is None})
        if missing:
            return Planned(stack.name, note=f"cannot be planned before {' and '.join(missing)}; apply, then plan again")
        file = place / f"{stack.name}.tfplan"
        planned = run_plan(stack, file, environ)
        if planned.errors:
            file.unlink(missing_ok=True)
        else:
            note = json.dumps({"changes": planned.changes, **rests_on}, indent=2)
            file.with_suffix(".saved.json").write_text(note, encoding="utf-8")
        return planned

    return list(in_order(found, one).values())


def drift(environment: str, *, environ: Mapping[str, str], s3: Any) -> list[Planned]:
    """Plan every stack that is deployed, bootstrap too, against what stands; nothing is saved."""
    found = stacks.find_all(environment)
    states = read_states(found, s3)

    def one(stack: Stack) -> Planned:
        if stack.name not in states:
            return Planned(stack.name, note="not deployed")
        file = folder(environment) / f"{stack.name}.drift"
        try:
            return run_plan(stack, file, environ)
        finally:
            file.unlink(missing_ok=True)

    return list(in_order(found, one).values())


def apply(environment: str, *, environ: Mapping[str, str], s3: Any, say: Callable[[str], None] = print) -> None:
    """Apply the saved plans, each after those it needs; plans that no longer hold are refused.

    A plan that was stale before anything began stops the whole. Raises DeployError unless every stack is up to date
    in the end; what was applied stays applied, and its plan is removed.
    """
    found = stacks.find(environment)
    files = {stack.name: folder(environment) / f"{stack.name}.tfplan" for stack in found}
    notes = {name: file.with_suffix(".saved.json") for name, file in files.items()}
    saved = {name: _read_note(file, environment) for name, file in notes.items() if file.is_file()}
    if not saved:
        raise DeployError(f"there is no saved plan of {environment}; run: make plan ENV={environment}")
    reads = references.reads_of({stack.name: stack.configuration for stack in found})
    failed: set[str] = set()

    def stale(stack: Stack, states: States) -> list[str]:
        now = _rests_on(stack, states, reads[stack.name])
        return _stale(saved[stack.name], now) if stack.name in saved else []

    def apply_one(stack: Stack) -> str:
        if waits := [name for name in stack.needs if name in failed]:
            return "not applied, because it depends on " + ", ".join(waits)
        if stack.name not in saved:
            return "has no saved plan"
        if reasons := stale(stack, read_states(found, s3)):
            return f"refused: {', '.join(reasons)}"
        if saved[stack.name]["changes"]:
            errors = init(stack, environ) or run_apply(stack, files[stack.name], environ)
            if errors:
                return "failed: " + "\n".join(errors)
        files[stack.name].unlink(missing_ok=True)
        notes[stack.name].unlink()
        return ""

    def one(stack: Stack) -> None:
        result = apply_one(stack)
        if result:
            failed.add(stack.name)
        say(f"{stack.name}: {result or 'up to date'}")

    states = read_states(found, s3)
    reasons = [f"{stack.name}: {reason}" for stack in found for reason in stale(stack, states)]
    if reasons:
        said = ["nothing was applied, because the saved plans are outdated:", *reasons, _again(environment)]
        raise DeployError("\n".join(said))
    in_order(found, one)
    if failed:
        raise DeployError(f"not up to date: {', '.join(sorted(failed))}\n{_again(environment)}")


def _read_note(file: Path, environment: str) -> dict[str, Any]:
    """The note beside a saved plan. Raises DeployError when it is empty, truncated or of another form."""
    try:
        note: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if set(note) >= {"changes", "json", "state"} and isinstance(note["reads"], dict):
            return note
    except (ValueError, KeyError, TypeError):
        pass
    raise DeployError(f"nothing was applied: {file.name} does not describe a saved plan; {_again(environment)}")


def _again(environment: str) -> str:
    return f"plan again: make plan ENV={environment}"


def read_states(found: Sequence[Stack], s3: Any) -> dict[str, dict[str, Any]]:
    """The state of each stack that has one. Raises DeployError when the bucket cannot be read."""
    return {stack.name: state for stack, state in states.states(list(found), s3)}


def _rests_on(stack: Stack, states: States, reads: set[tuple[str, str]]) -> dict[str, Any]:
    """What a plan is only valid with; values of outputs as digests, None where a state has no such output."""
    own = states.get(stack.name, {})
    outputs = {(owner, output): states.get(owner, {}).get("outputs", {}).get(output) for owner, output in sorted(reads)}
    return {
        "json": _digest(stack.configuration),
        "state": [own.get("lineage"), own.get("serial")],
        "reads": {
            f"{owner}.{output}": None if found is None else _digest(found.get("value"))
            for (owner, output), found in outputs.items()
        },
    }


def _stale(saved: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    reasons = []
    if saved["json"] != now["json"]:
        reasons.append("the configuration has changed")
    if saved["state"] != now["state"]:
        reasons.append("its state has changed")
    reasons += [f"{key} has changed" for key, value in saved["reads"].items() if now["reads"].get(key) != value]
    return reasons


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
