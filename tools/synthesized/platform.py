"""All stacks of one environment as they were synthesized: resources, and what the references between them mean."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from settings import Environment, environment_names, load
from tools.synthesized import references, stacks
from tools.synthesized.computed import computed
from tools.synthesized.errors import SynthesisError
from tools.synthesized.paths import OUTDIR
from tools.synthesized.references import Configurations
from tools.synthesized.resources import Resource, Statement

# https://developer.hashicorp.com/terraform/language/files
# https://developer.hashicorp.com/terraform/language/values/variables
_READ = re.compile(r"\.(tf|tofu|tfvars)(\.json)?$|^terraform\.tfstate")

Place = tuple[str, str]
"""Stack and address."""


@dataclass(frozen=True, eq=False)
class Platform:
    """All stacks of one environment, in the order of their names.

    `subjects` are the resources that checks of single resources look at: all of them, unless only one has changed.
    """

    name: str
    tier: str
    account_id: str
    stacks: Configurations
    resources: tuple[Resource, ...] = field(repr=False)
    subjects: tuple[Resource, ...] = field(repr=False)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Stack -> the stacks that come before it."""
    settings: Mapping[str, object] = field(default_factory=dict, repr=False)
    """What the environment's file says, as plain values; empty where stacks are read without their environment."""
    # What a text refers to does not change with the resources, so copies share it.
    _places: dict[tuple[str, str], list[Place]] = field(default_factory=dict, repr=False)

    @cached_property
    def by_type(self) -> dict[str, list[Resource]]:
        """Resources of each type."""
        found: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            found[resource.type].append(resource)
        return found

    @cached_property
    def _by_place(self) -> dict[Place, Resource]:
        return {(resource.stack, resource.address): resource for resource in self.resources}

    def subjects_of(self, *types: str) -> Iterator[Resource]:
        """Subjects of these types, type by type."""
        return (resource for type_ in types for resource in self.subjects if resource.type == type_)

    def all(self, *types: str) -> list[Resource]:
        """Every resource of these types, type by type."""
        return [resource for type_ in types for resource in self.by_type.get(type_, ())]

    def referred(self, stack: str, value: object) -> list[Resource]:
        """The resources that the references inside `value` mean, each once, through the states of other stacks, too."""
        found: dict[Resource, None] = {}
        for text in references.texts(value):
            if "${" not in text and "." not in text:  # depends_on has addresses without the braces
                continue
            if (stack, text) not in self._places:
                self._places[stack, text] = list(references.addresses(self.stacks, stack, text))
            found |= {self._by_place[place]: None for place in self._places[stack, text] if place in self._by_place}
        return list(found)

    def referring(self, target: Resource, *types: str, through: str) -> list[Resource]:
        """Resources of `types` whose argument `through` means `target`."""
        return [
            resource
            for resource in self.all(*types)
            if target in self.referred(resource.stack, resource.values.get(through))
        ]

    @cached_property
    def statements(self) -> list[Statement]:
        """Every statement of every policy document of the subjects."""
        return [statement for resource in self.subjects for statement in resource.statements]

    def replacing(self, old: Resource, *new: Resource) -> Platform:
        """The same platform with one resource replaced, or without it. What changes are its subjects."""
        changed = [r for resource in self.resources for r in (new if resource is old else (resource,))]
        subjects = new or tuple(r for r in changed if old in self.referred(r.stack, r.arguments))
        return replace(self, resources=tuple(changed), subjects=subjects)


def read(environment: Environment, outdir: Path = OUTDIR, *, bootstrap: bool = False) -> Platform:
    """An environment in the last synthesis, with its bootstrap stack or without. Raises SynthesisError."""
    found = stacks.find(environment.name, outdir=outdir)
    if bootstrap:
        found = [*found, *stacks.find(environment.name, bootstrap=True, outdir=outdir)]
    return of_stacks(
        environment.name,
        {stack.name: stack.configuration for stack in found},
        {stack.name: stack.needs for stack in found},
        tier=environment.tier,
        account_id=environment.account_id,
        settings=_settings(environment),
    )


def _settings(environment: Environment) -> dict[str, Any]:
    """What holds for it, and in `computed` what the settings make of it. A copy has neither the API's domain nor the
    front: their names are its original's.
    """
    settings = environment.model_dump(mode="json")
    settings["computed"] = computed(environment)
    if environment.suffix is not None:
        settings |= {"front": None, "api": {**settings["api"], "domain": None}}
    return settings


def read_all(outdir: Path = OUTDIR, environments: Iterable[Environment] | None = None) -> list[Platform]:
    """Every environment, bootstrap included, without stale stacks; `environments` defaults to all that have a file.

    Raises SynthesisError, too, for a stack without resources: nobody may take that for a judged platform.
    """
    wanted = map(load, environment_names()) if environments is None else environments
    found = [read(environment, outdir, bootstrap=True) for environment in wanted]
    for platform in found:
        for stack in platform.stacks:
            _refuse_others(outdir / "stacks" / stack)
            _refuse_other_zips(outdir / "stacks" / stack, platform.stacks[stack])
            own = [resource.id for resource in platform.resources if resource.stack == stack]
            if not own:
                raise SynthesisError(f"{stack} has no resources; run: make synth")
            # checkov names most of its findings without the type.
            if len(set(own)) != len(own):
                raise SynthesisError(f"{stack} uses one logical id for two resources")
    return found


def _refuse_others(folder: Path) -> None:
    """Terraform reads every file of a stack's folder that ends as these do; only one was synthesized."""
    for file in folder.iterdir():
        if file.is_symlink() or (_READ.search(file.name) and file.name != "cdk.tf.json"):
            raise SynthesisError(f"{file} was not synthesized, and Terraform would read it; delete it, run: make synth")
    workspace = folder / ".terraform" / "environment"
    if workspace.is_file() and workspace.read_text(encoding="utf-8").strip() not in ("", "default"):
        raise SynthesisError(f"{workspace} chooses another state than that of the environment; delete it")


def _refuse_other_zips(folder: Path, content: Mapping[str, Any]) -> None:
    """Of the code of a function Terraform compares the hash alone, and sends the file."""
    for function in content.get("resource", {}).get("aws_lambda_function", {}).values():
        file = folder / str(function.get("filename"))
        digest = base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode() if file.is_file() else "no file"
        if digest != function.get("source_code_hash"):
            raise SynthesisError(f"{file} is not the file whose hash the JSON has; run: make synth")


def of_stacks(
    name: str,
    configurations: Configurations,
    needs: Mapping[str, tuple[str, ...]],
    *,
    tier: str = "development",
    account_id: str = "",
    settings: Mapping[str, object] | None = None,
) -> Platform:
    """The platform of these stacks."""
    resources = tuple(
        Resource(stack, type_, id_, values)
        for stack, content in sorted(configurations.items())
        for type_, instances in sorted(content.get("resource", {}).items())
        for id_, values in sorted(instances.items())
    )
    stacks_ = dict(sorted(configurations.items()))
    return Platform(name, tier, account_id, stacks_, resources, resources, needs, settings or {})
