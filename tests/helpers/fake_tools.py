"""The cdktf CLI, Terraform and the app played in this process, over moto's S3: what a command would have run.

The stacks are written by hand: bootstrap, network, data (which reads network) and service (which needs data).
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from settings import load
from tools.deploy import cdktf, plans, processes, terraform
from tools.deploy.processes import OnLine
from tools.synthesized import stacks
from tools.synthesized.stacks import Stack

Action = Callable[[], object]
_VPC = {"mode": "managed", "type": "aws_vpc", "name": "a"}


@dataclass(frozen=True)
class Call:
    """One program that was run; `asking` when it had the terminal and could ask."""

    tool: str
    arguments: tuple[str, ...]
    folder: str
    environ: Mapping[str, str]
    asking: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        return (self.tool, *self.arguments, self.folder)

    def has(self, *words: str) -> bool:
        return set(words) <= set(self.words)


@dataclass(frozen=True)
class Answer:
    """What a program does when all `words` are among its name, arguments and folder."""

    words: tuple[str, ...]
    code: int = 0
    stdout: str = ""
    stderr: str = ""
    then: Action = lambda: None


@dataclass
class Tools:
    """What was run, in order, and how it answers: the newest answer that fits; by default with success."""

    environment: str
    outdir: Path
    s3: Any
    calls: list[Call] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def on(self, *words: str, code: int = 0, stdout: str = "", stderr: str = "", then: Action = lambda: None) -> None:
        self.answers.insert(0, Answer(words, code, stdout, stderr, then))

    def ran(self, *words: str) -> list[Call]:
        return [call for call in self.calls if call.has(*words)]

    def changes(self) -> list[tuple[str, ...]]:
        """Everything that was run and could change something on AWS or in a state."""
        changing = {"deploy", "destroy", "apply", "import", "force-unlock", "-migrate-state"}
        return [call.words for call in self.calls if changing & set(call.arguments)]

    # -- the states

    def stack(self, component: str) -> Stack:
        name = f"{self.environment}-{component}"
        if component == "bootstrap":
            return stacks.find(self.environment, bootstrap=True)[0]
        return next(stack for stack in stacks.find(self.environment) if stack.name == name)

    def put_state(self, component: str, *, serial: int = 1, resources: int = 1, **outputs: object) -> None:
        state = {
            "version": 4,
            "serial": serial,
            "lineage": component,
            "outputs": {name: {"value": value} for name, value in outputs.items()},
            "resources": [{**_VPC, "instances": [{"attributes": {"id": "vpc-1"}}]}] * resources,
        }
        self.put(self.stack(component).backend["key"], json.dumps(state))

    def put(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=self.stack("bootstrap").backend["bucket"], Key=key, Body=text.encode())

    def edit(self, component: str, **added: object) -> None:
        """Change a stack's synthesized JSON."""
        file = self.stack(component).folder / "cdk.tf.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **added}))

    # -- in the place of tools.deploy.processes and subprocess

    def run(
        self, command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, on_line: OnLine = processes.echo
    ) -> int:
        done = self._answer(command, cwd, environ)
        for line in f"{done.stdout}{done.stderr}".splitlines():
            on_line(line)
        return done.returncode

    def capture(
        self, command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, on_line: OnLine = processes.ignore
    ) -> subprocess.CompletedProcess[str]:
        done = self._answer(command, cwd, environ)
        for line in done.stdout.splitlines():
            on_line(line)
        return done

    def ask(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, check: bool
    ) -> subprocess.CompletedProcess[str]:
        assert not check
        return self._answer(command, cwd, env, asking=True)

    def _answer(
        self, command: Sequence[str], cwd: Path, environ: Mapping[str, str], *, asking: bool = False
    ) -> subprocess.CompletedProcess[str]:
        tool, *arguments = command[1:] if "main.py" in command[:2] else command
        call = Call(Path(tool).name, tuple(arguments), cwd.name, environ, asking)
        self.calls.append(call)
        for argument in arguments:
            if call.tool == "terraform" and argument.startswith("-out="):
                Path(argument.removeprefix("-out=")).write_text("a plan")
        answer = next((answer for answer in self.answers if call.has(*answer.words)), Answer(()))
        answer.then()
        stdout = answer.stdout or ("{}" if "show" in arguments else "")
        return subprocess.CompletedProcess(command, answer.code, stdout, answer.stderr)


def document(*actions: str, **outputs: Sequence[str]) -> str:
    """What `terraform show -json` prints of a plan with one resource and these outputs."""
    change = {"actions": list(actions), "before": {"cidr_block": "a"}, "after": {"cidr_block": "b"}}
    return json.dumps({
        "resource_changes": [{"address": "aws_vpc.a", "mode": "managed", "type": "aws_vpc", "change": change}],
        "output_changes": {name: {"actions": list(done)} for name, done in outputs.items()},
    })  # fmt: skip


def _write_stacks(outdir: Path, environment: str) -> None:
    bucket = f"states-of-{environment}"

    def backend(name: str) -> dict[str, str]:
        return {"bucket": bucket, "key": f"{environment}/{name}.tfstate"}

    needs = {"bootstrap": [], "network": [], "data": ["network"], "service": ["data"]}
    manifest = {}
    for component, before in needs.items():
        name = f"bootstrap-{environment}" if component == "bootstrap" else f"{environment}-{component}"
        content: dict[str, Any] = {"terraform": {"backend": {"s3": backend(component)}}}
        if component == "data":
            remote = f"cross-stack-reference-input-{environment}-network"
            content["data"] = {"terraform_remote_state": {remote: {"config": backend("network")}}}
            content["locals"] = {"vpc": f"${{data.terraform_remote_state.{remote}.outputs.vpc_id}}"}
        manifest[name] = {"dependencies": [f"{environment}-{other}" for other in before]}
        (outdir / "stacks" / name).mkdir(parents=True)
        (outdir / "stacks" / name / "cdk.tf.json").write_text(json.dumps(content))
    (outdir / "manifest.json").write_text(json.dumps({"stacks": manifest}))


@functools.cache
def _session() -> Any:
    """One for all tests: a new one reads botocore's megabytes of JSON again."""
    return boto3.Session()


@contextmanager
def fake_tools(folder: Path, monkeypatch: pytest.MonkeyPatch, environment: str = "iot-dev") -> Iterator[Tools]:
    """Play the tools for one environment, whose bucket exists and is empty; nothing leaves `folder`."""
    outdir = folder / "cdktf.out"
    _write_stacks(outdir, environment)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("TERRAFORM_BINARY_NAME", raising=False)
    monkeypatch.setattr(stacks, "OUTDIR", outdir)
    monkeypatch.setattr(terraform, "WORK", folder / "work")
    monkeypatch.setattr(terraform, "check_machine", lambda environ: None)
    monkeypatch.setattr(cdktf, "_CLI", folder / "cdktf")
    (folder / "cdktf").touch()
    with mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", _session())
        region = load(environment.rpartition("-pr-")[0] or environment).region
        s3 = boto3.client("s3", region_name=region)
        tools = Tools(environment, outdir, s3)
        monkeypatch.setattr(processes, "run", tools.run)
        monkeypatch.setattr(processes, "capture", tools.capture)
        monkeypatch.setattr(subprocess, "run", tools.ask)
        bucket = tools.stack("bootstrap").backend["bucket"]
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
        yield tools


def saved_plans(environment: str) -> list[str]:
    """The names of the files in the folder of the saved plans."""
    folder = plans.folder(environment)
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
