"""Plans every stack with the real provider, without an account and without the emulator.

`terraform test` keeps its state in memory, so it plans after `init -backend=false`. Beside a copy of each stack's JSON
lies a test file: its provider block takes the place of the configuration's, with credentials that nobody checks, and
every data source has values. Those of a remote state are what the other stack outputs, where its JSON says it, and an
identifier of the right form where only AWS could.

https://developer.hashicorp.com/terraform/language/tests/mocking
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tools.deploy import processes, terraform
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.references import REMOTE, Configurations
from tools.synthesized.stacks import Stack
from tools.synthesized.values import blocks

TEST = "offline.tftest.json"
_PROVIDER = {
    "access_key": "offline",
    "secret_key": "offline",
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": True,
}
_REFERENCE = re.compile(r"\$\{(aws_\w+)\.([\w-]+)\.([\w.\[\]]+)\}")
_PLANNED = re.compile(r"Plan: \d+ to add.*")


def plan(
    environment: str, *, environ: Mapping[str, str], into: Path, say: Callable[[str], None] = print
) -> dict[str, str]:
    """Plan every stack of the last synthesis in folders below `into`; what Terraform showed of each.

    Raises DeployError, after all the others, for those that cannot be planned.
    """
    found = stacks.find_all(environment)
    configurations = {stack.name: stack.configuration for stack in found}
    shutil.rmtree(into, ignore_errors=True)

    def one(stack: Stack) -> str:
        folder = into / stack.name
        shutil.copytree(stack.folder, folder, ignore=shutil.ignore_patterns(".terraform*", "*_override.tf.json"))
        (folder / TEST).write_text(json.dumps(test_file(stack.name, configurations), indent=2), encoding="utf-8")
        for arguments in (["init", "-backend=false", "-input=false"], ["test", "-verbose"]):
            done = terraform.run([*arguments, "-no-color"], cwd=folder, environ=environ, check=False)
            if done.returncode:
                say(f"{stack.name}: cannot be planned\n{done.stdout}{done.stderr}")
                return ""
        planned = _PLANNED.search(done.stdout)
        say(f"{stack.name}: {planned[0] if planned else 'nothing to create'}")
        (folder / "plan.txt").write_text(done.stdout, encoding="utf-8")
        return done.stdout

    with ThreadPoolExecutor(2) as pool:
        try:
            shown = dict(zip(configurations, pool.map(one, found), strict=True))
        except BaseException:  # an interrupt reaches only this thread
            processes.end_terraforms()
            raise
    if failed := [name for name, text in shown.items() if not text]:
        raise DeployError(f"cannot be planned: {', '.join(failed)}")
    return shown


def test_file(stack: str, configurations: Configurations) -> dict[str, Any]:
    """What `terraform test` needs to plan a stack: https://developer.hashicorp.com/terraform/language/tests."""
    configuration = configurations[stack]
    providers = [{**block, **_PROVIDER} for block in blocks(configuration["provider"]["aws"])]
    for block in providers:
        block.pop("allowed_account_ids", None)  # the provider would ask who is calling
    outputs: dict[str, dict[str, Any]] = {}
    for _, other, output in REMOTE.findall(json.dumps(configuration)):
        outputs.setdefault(other, {})[output] = _value(configurations, other, output)
    overridden = [
        {"target": f"data.{type_}.{id_}", "values": {"outputs": outputs[other]}}
        if (other := _remote(type_, id_)) in outputs
        else {"target": f"data.{type_}.{id_}"}
        for type_, ids in configuration.get("data", {}).items()
        for id_ in ids
    ]
    return {"provider": {"aws": providers}, "override_data": overridden, "run": {"plan": {"command": "plan"}}}


def _remote(type_: str, id_: str) -> str:
    match = REMOTE.match(f"data.{type_}.{id_}.outputs.x")
    return match[2] if match else ""


def _value(configurations: Configurations, stack: str, output: str) -> Any:
    """What a stack outputs, as far as its JSON says it."""
    configuration = configurations[stack]

    def resolved(value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(item) for item in value]
        if not isinstance(value, str):
            return value
        text = _REFERENCE.sub(lambda match: str(_attribute(configuration, *match.groups())), value)
        if match := re.fullmatch(r"\$\{" + REMOTE.pattern + r"\}", text):
            return _value(configurations, match[2], match[3])
        return text

    return resolved(configuration["output"][output]["value"])


def _attribute(configuration: Mapping[str, Any], type_: str, id_: str, attribute: str) -> Any:
    """An argument that is written out, or an identifier of that form."""
    written = configuration["resource"][type_][id_].get(attribute)
    if isinstance(written, (int, str)) and "${" not in str(written):
        return written
    provider = next(iter(blocks(configuration["provider"]["aws"])))
    if attribute.endswith("arn"):
        account = provider["allowed_account_ids"][0]  # type: ignore[index]
        return f"arn:aws:{type_.split('_')[1]}:{provider['region']}:{account}:{id_}"
    return f"offline-{id_}".lower()
