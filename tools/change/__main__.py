"""`python -m tools.change rehearsal|plan|drift|offline --env NAME`: what `make review`, `make plan`, `make drift` and
`make plan-offline` call.

Exit codes: 0 fine, 1 a failure, 2 a call or a settings file at fault, 3 something stateful would be replaced or
destroyed, or backups would be given up, and is not allowed by name, 4 drift.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from rich.console import Console

from settings import Environment, load
from tools.change import offline, page, render, revision, unmanaged
from tools.change.findings import ReviewFinding
from tools.change.page import Page
from tools.change.plans import StackPlan, read
from tools.deploy import cdktf, keep, plans, terraform
from tools.deploy.plans import Planned
from tools.local.emulator.environment import without_aws
from tools.local.progress import Progress
from tools.synthesized import references, stacks
from tools.synthesized.errors import exit_code
from tools.synthesized.paths import ROOT


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.change", description=__doc__)
    parser.add_argument("verb", choices=["rehearsal", "plan", "drift", "offline"])
    parser.add_argument("--env", required=True, metavar="NAME")
    parser.add_argument("--base", default="main", metavar="REVISION", help="what the rehearsal starts from (main)")
    parser.add_argument(
        "--suffix", metavar="TEXT", help="plan, drift, offline: the ephemeral environment with this suffix"
    )
    parser.add_argument("--allow", default="", metavar="ADDRESS,...", help="what may be replaced or destroyed")
    parser.add_argument("--synthesized", action="store_true", help="plan, drift: take cdktf.out as another job made it")
    options = parser.parse_args(arguments)
    if options.verb == "rehearsal" and options.suffix:
        parser.error("a rehearsal has no --suffix: it makes its own copy")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    return exit_code(lambda: _perform(options))


def _perform(options: argparse.Namespace) -> int:
    environment = load(options.env, suffix=options.suffix)
    terraform.check_machine(os.environ)
    if options.verb == "offline":
        return plan_offline(environment, options.env)
    allow = tuple(name.strip() for name in options.allow.split(",") if name.strip())
    if options.verb == "rehearsal":
        made = rehearse(environment, base=options.base, allow=allow)
    else:
        made = ask_aws(
            environment, options.env, drift=options.verb == "drift", allow=allow, synthesized=options.synthesized
        )
    publish(made, folder(environment.name), options.verb)
    return made.exit_code


def plan_offline(environment: Environment, name: str) -> int:
    """Plan every stack without AWS. Raises DeployError."""
    without = {**without_aws(os.environ), "AWS_EC2_METADATA_DISABLED": "true"}
    environ = {**without, **terraform.settings(without)}
    cdktf.synthesize(cdktf.app_command(name, suffix=environment.suffix), environ)
    into = terraform.WORK / "offline" / environment.name
    offline.plan(environment.name, environ=environ, into=into)
    print(f"The plans: {into.relative_to(ROOT)}/<stack>/plan.txt")
    return 0


def folder(environment: str) -> Path:
    """Where the pages and logs about an environment lie."""
    return terraform.WORK / "review" / environment


def rehearse(environment: Environment, *, base: str, allow: Sequence[str]) -> Page:
    """Deploy the base to the embedded AWS, and plan and apply the working tree on top. Raises ToolError."""
    from tools.change.rehearsal import Rehearsal  # and with it the embedded AWS, which a plan does without

    commit = revision.resolve(base, ROOT)
    name, logs = environment.name, folder(environment.name)
    progress = Progress(logs)
    terraform.WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f"rehearsal-{name}-", dir=terraform.WORK, ignore_cleanup_errors=True
    ) as work:
        tree, before, after = (Path(work, part) for part in ("base", "base.out", "change.out"))
        with progress.phase(f"Synthesize {base} and the working tree", "rehearsal-synth") as phase:
            environ = {**os.environ, **terraform.settings(os.environ)}
            revision.synthesize(ROOT, name, after, environ=environ, on_line=phase.line)
            revision.unpack(commit, ROOT, tree)
            known = (tree / "environments" / f"{name}.toml").is_file()
            if known:
                revision.synthesize(tree, name, before, environ=environ, on_line=phase.line)
        with Rehearsal(environment, Path(work, "platform")) as rehearsal:
            if known:
                with progress.phase(f"Deploy {base}", "rehearsal-base", tail=False) as phase:
                    phase.expect({stack.name: stack.size for stack in stacks.find_all(name, outdir=before)})
                    rehearsal.deploy(before, say=phase.line)
            with progress.phase("Plan and apply the working tree on top", "rehearsal-change", tail=False) as phase:
                phase.expect({stack.name: 0 for stack in stacks.find_all(name, outdir=after)})
                planned = rehearsal.change(after, base=before if known else None, say=phase.line)
        reads = _reads(stacks.find(name, outdir=after))
    return page.make(
        "Rehearsal",
        environment=name,
        subject=f"{base} ({commit[:12]}) → working tree, on the embedded AWS"
        + ("" if known else f"; {base} does not have this environment"),
        plans=_read(planned),
        reads=reads,
        allow=allow,
    )


def ask_aws(
    environment: Environment, name: str, *, drift: bool, allow: Sequence[str], synthesized: bool = False
) -> Page:
    """Plan against the environment's account: to save the plans, or to find drift."""
    import boto3

    environ = {**os.environ, **terraform.settings(os.environ)}
    if not synthesized:
        cdktf.synthesize(cdktf.app_command(name, suffix=environment.suffix), environ)
    clients = cache(partial(boto3.client, region_name=environment.region))
    aws: dict[str, Any] = {"environ": environ, "s3": clients("s3")}
    if drift:
        asked = plans.drift(environment.name, **aws)
    else:
        with keep.taken_up(environment.name, s3=clients("s3"), client=boto3.client, change=False):
            asked = plans.plan(environment.name, **aws)
    planned = _read(asked, drift=drift)
    added: list[ReviewFinding] = []
    if drift:
        states = plans.read_states(stacks.find_all(environment.name), clients("s3"))
        added, errors = unmanaged.find(states, clients)
        planned = [replace(plan, errors=(*plan.errors, *errors.get(plan.name, ()))) for plan in planned]
    return page.make(
        "Drift" if drift else "Plan",
        environment=environment.name,
        subject=f"account {environment.account_id}, {environment.region}",
        plans=planned,
        reads=_reads(stacks.find(environment.name)),
        allow=allow,
        drift=drift,
        unmanaged=added,
    )


def _reads(found: Sequence[stacks.Stack]) -> dict[str, set[tuple[str, str]]]:
    return references.reads_of({stack.name: stack.configuration for stack in found})


def _read(planned: Sequence[Planned], *, drift: bool = False) -> list[StackPlan]:
    return [read(item.stack, item.document, errors=item.errors, note=item.note, drift=drift) for item in planned]


def publish(made: Page, place: Path, name: str) -> None:
    """Write the three files, and show the page in the terminal."""
    place.mkdir(parents=True, exist_ok=True)
    texts = {"html": render.html(made), "md": render.markdown(made), "json": page.to_json(made)}
    for ending, text in texts.items():
        (place / f"{name}.{ending}").write_text(text, encoding="utf-8")
    console = Console()
    render.show(made, console)
    console.print(f"The whole: {os.path.relpath(place / name, ROOT)}.html, .md and .json", markup=False, emoji=False)


if __name__ == "__main__":
    sys.exit(main())
