"""The rehearsal: the base stands on the embedded AWS, and the change is planned and applied on top of it.

So every stack is planned against the outputs of stacks that are already changed, which no plan against a real account
can be, and what Terraform refuses in the middle of a deployment it refuses here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.exceptions import WaiterError

from settings import Environment
from tools.deploy import plans, processes, terraform
from tools.deploy.graph import in_order
from tools.deploy.plans import Planned
from tools.local.database import EmbeddedDatabase
from tools.local.emulator import release
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator
from tools.synthesized import references, stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack

# Mostly they wait for the provider's own pauses.
_AT_ONCE = 5
_BUCKET_WAIT = {"Delay": 1, "MaxAttempts": 180}

Say = Callable[[str], None]


class Rehearsal(ExitStack):
    """An embedded AWS for one environment; a context manager that ends everything it started.

    The bootstrap stack keeps its state in `folder`, for its bucket is being made while the others already use it.
    """

    def __init__(self, environment: Environment, folder: Path) -> None:
        super().__init__()
        self._environment = environment
        self._folder = folder
        self.environ: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = self._new_database().function_settings
        self._emulator = Emulator(self._environment.account_id, log_dir=self._folder, lambda_config=settings)
        self.enter_context(self._emulator)
        aws = {**without_aws(os.environ), **self._emulator.environment(self._environment.region)}
        self.environ = {**aws, **terraform.settings(aws)}
        return self

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS."""
        return boto3.client(
            service,
            endpoint_url=self.environ["AWS_ENDPOINT_URL"],
            region_name=self._environment.region,
            aws_access_key_id=self.environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environ["AWS_SECRET_ACCESS_KEY"],
        )

    def deploy(self, outdir: Path, *, say: Say = print) -> None:
        """Deploy what `outdir` holds of the environment: the base. Raises DeployError."""
        found = self._stacks(outdir)
        self._make_bucket(found)

        def one(stack: Stack) -> None:
            self._await_bucket(stack)
            errors = plans.init(stack, self.environ) or plans.run_apply(stack, None, self.environ, say=say)
            if errors:
                raise DeployError("\n".join((f"the base cannot be deployed; {stack.name} fails:", *errors)))
            clusters = stack.configuration.get("resource", {}).get("aws_rds_cluster", {}).values()
            self._serve_databases(cluster["cluster_identifier"] for cluster in clusters)

        in_order(found, one, at_once=_AT_ONCE)

    def change(self, outdir: Path, *, base: Path | None, say: Say = print) -> list[Planned]:
        """Plan and apply every stack of `outdir` on the base, and plan the end of those that the base alone has.

        A stack with the base's JSON, of which nothing that it reads changes, has nothing to plan.
        """
        found = self._stacks(outdir)
        old = {stack.name: stack for stack in self._stacks(base)} if base else {}
        if base is None:
            self._make_bucket(found)
        reads = references.reads_of({stack.name: stack.configuration for stack in found})
        changed_outputs: set[tuple[str, str]] = set()
        failed: set[str] = set()
        # Of each stack the refusals that it stands upon, its own among them.
        beyond: dict[str, set[str]] = {}

        def one(stack: Stack) -> Planned:
            planned = rehearse(stack)
            say(f"{stack.name}: Rehearsed, {planned.note or ('changes' if planned.changes else 'no change')}")
            say("\n".join(planned.errors))
            return planned

        def rehearse(stack: Stack) -> Planned:
            waits = [name for name in stack.needs if name in failed]
            if waits:
                failed.add(stack.name)
            if _is_same(stack, old.get(stack.name)) and not reads[stack.name] & changed_outputs:
                return Planned(stack.name, note="unchanged")
            self._await_bucket(stack)
            beyond[stack.name] = {refused for name in stack.needs for refused in beyond.get(name, ())}
            planned = self._plan(stack, refresh=bool(beyond[stack.name]), say=say)
            outputs = (planned.document or {}).get("output_changes", {})
            changed_outputs.update((stack.name, name) for name, item in outputs.items() if item["actions"] != ["no-op"])
            if waits:
                return _held(planned, waits)
            errors = planned.errors
            if planned.changes and not errors:
                errors = tuple(f"on the embedded AWS: {error}" for error in self._apply(stack, say))
                if errors and self._go_beyond(stack, planned, errors, say):
                    beyond[stack.name].add(stack.name)
                self._serve_databases(_new_clusters(planned))
            if errors and stack.name not in beyond[stack.name]:
                failed.add(stack.name)
            return replace(planned, errors=errors, note=_beyond_note(stack.name, beyond[stack.name]))

        results = in_order(found, one, at_once=_AT_ONCE)
        gone = [self._plan_end(stack) for name, stack in old.items() if name not in results]
        return [*results.values(), *gone]

    def _plan_end(self, stack: Stack) -> Planned:
        note = "no longer a stack: what it made stays until somebody destroys it with the base"
        return replace(self._plan(stack, "-destroy"), note=note)

    def plan(self, outdir: Path, *names: str) -> list[Planned]:
        """Plan these stacks of `outdir` on what stands, and apply nothing."""
        return [self._plan(stack) for stack in self._stacks(outdir) if stack.name in names]

    def _plan(self, stack: Stack, *options: str, refresh: bool = False, say: Say = processes.ignore) -> Planned:
        """Terraform believes the state, which is moments old, unless something was taken away beside it."""
        options = options if refresh else ("-refresh=false", *options)
        return plans.run_plan(stack, self._plan_file(stack), self.environ, *options, say=say)

    def _apply(self, stack: Stack, say: Say) -> tuple[str, ...]:
        """The errors of applying what was planned last."""
        return plans.run_apply(stack, self._plan_file(stack), self.environ, say=say)

    def _plan_file(self, stack: Stack) -> Path:
        return self._folder / f"{stack.name}.tfplan"

    def _go_beyond(self, stack: Stack, planned: Planned, errors: Sequence[str], say: Say) -> bool:
        """Whether the rest of a change can be made, where AWS would not take away what is in use.

        Terraform stops there for good, with a part done. But what a reviewer wants to know is what the change means
        for the other stacks, and their plans read the outputs of this one.
        """
        vpcs = _vpcs_losing(planned)
        if not vpcs or not any(code in error for error in errors for code in release.REFUSALS):
            return False
        self.client("ec2").create_tags(Resources=vpcs, Tags=[{"Key": release.TAG, "Value": ""}])
        return not self._plan(stack, say=say).errors and not self._apply(stack, say)

    def _stacks(self, outdir: Path) -> list[Stack]:
        name = self._environment.name
        found = stacks.find(name, outdir=outdir)
        if f"bootstrap-{name}" in stacks.names(outdir):
            (own,) = stacks.find(name, bootstrap=True, outdir=outdir)
            backend = {"terraform": {"backend": {"local": {"path": str(self._folder / "bootstrap.tfstate")}}}}
            (own.folder / "backend_override.tf.json").write_text(json.dumps(backend), encoding="utf-8")
            found.insert(0, own)
        return found

    def _make_bucket(self, found: list[Stack]) -> None:
        """Make the bucket of the states where no bootstrap stack does it."""
        if not any(_is_bootstrap(stack) for stack in found):
            self.client("s3").create_bucket(
                Bucket=found[0].backend["bucket"],
                CreateBucketConfiguration={"LocationConstraint": self._environment.region},
            )

    def _await_bucket(self, stack: Stack) -> None:
        if not _is_bootstrap(stack):
            bucket = stack.backend["bucket"]
            try:
                self.client("s3").get_waiter("bucket_exists").wait(Bucket=bucket, WaiterConfig=_BUCKET_WAIT)
            except WaiterError as error:
                raise DeployError(f"the bucket of the states, {bucket}, was not made") from error

    def _new_database(self) -> EmbeddedDatabase:
        return EmbeddedDatabase(self._folder, self._environment.names.name("rotation"))

    def _serve_databases(self, clusters: Iterable[str]) -> None:
        """A real PostgreSQL stands behind every cluster that was made, for the preflight and the first rotation."""
        for cluster in clusters:
            database = self._new_database()
            database.watch(cluster, self.client("rds"), self.client("secretsmanager"))
            self.callback(database.stop)
            database.wait()


def _beyond_note(name: str, refused: Collection[str]) -> str:
    if name in refused:
        return "AWS refuses it, in part after 20 minutes; later stacks are planned as if it did not"
    return f"as if {', '.join(sorted(refused))} had not been refused" if refused else ""


def _held(planned: Planned, waits: Sequence[str]) -> Planned:
    """The plan of a stack whose turn would not come: with what the stacks before it have, though that was to change."""
    names = ", ".join(waits)
    if planned.errors:
        return Planned(planned.stack, note=f"cannot be planned, for it needs {names}: {planned.errors[0]}")
    return replace(planned, note=f"not applied, because it depends on {names}; planned with the outputs that are there")


def _vpcs_losing(planned: Planned) -> list[str]:
    """Ids of the VPCs that the plan deletes, or deletes something from."""
    lost = [(item["type"], item["change"]["before"]) for item in _changes(planned, "delete")]
    return sorted({before["id"] if type_ == "aws_vpc" else before.get("vpc_id") for type_, before in lost} - {None})


def _is_bootstrap(stack: Stack) -> bool:
    return stack.name.startswith("bootstrap-")


def _new_clusters(planned: Planned) -> list[str]:
    """Identifiers of the Aurora clusters that a plan creates, in place of another or not."""
    made = [item for item in _changes(planned, "create") if item["type"] == "aws_rds_cluster"]
    return [item["change"]["after"]["cluster_identifier"] for item in made]


def _changes(planned: Planned, action: str) -> list[dict[str, Any]]:
    changes = (planned.document or {}).get("resource_changes", ())
    return [item for item in changes if action in item["change"]["actions"]]


def _is_same(stack: Stack, old: Stack | None) -> bool:
    """Whether a plan would read nothing that the base's has not read; data sources may read anything."""
    if old is None:
        return False
    configuration: Mapping[str, Any] = stack.configuration
    return configuration == old.configuration and set(configuration.get("data", {})) <= {"terraform_remote_state"}
