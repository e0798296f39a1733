"""The whole platform on this machine: deploy, show, rotate, plan again, destroy. The JSON is what would go to AWS."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from rich.table import Table

from settings import Environment
from tools.deploy import bootstrap, cdktf, processes, states, teardown, terraform
from tools.local import permissions, running
from tools.local.database import EmbeddedDatabase
from tools.local.emulator.environment import DEPLOYING_KEY, PLANNING_KEY, without_aws
from tools.local.emulator.process import Emulator
from tools.local.progress import Phase, Progress
from tools.local.rotations import client_keys, passwords, rotate, where_found
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.paths import ROOT
from tools.synthesized.stacks import Stack

_POLL_SECONDS = 0.5


class LocalPlatform:
    """One run of `make local`. Only environment variables tell the tools that AWS is embedded."""

    def __init__(self, environment: Environment, *, keep: bool) -> None:
        self._environment = environment
        self._name = environment.name
        self._keep = keep
        self._progress = Progress(running.folder(self._name))
        self._evaluated = 0
        self._folder = running.folder(self._name)
        self._database = EmbeddedDatabase(self._folder, environment.names.name("rotation"))
        self._emulator = Emulator(
            environment.account_id,
            log_dir=self._folder,
            lambda_config=self._database.function_settings,
            detached=keep,
        )

    def run(self) -> None:
        """Everything in order; the embedded AWS is stopped in every case but a successful run with `keep`.

        Raises DeployError or EmulatorError when a phase fails.
        """
        with ExitStack() as cleanup:
            with self._progress.phase("Start the embedded AWS", "start"):
                self._emulator.start()
                cleanup.callback(self._emulator.stop)
            self._prepare()
            self._database.watch(
                self._environment.names.name("aurora"), self._client("rds"), self._client("secretsmanager")
            )
            cleanup.callback(self._database.stop)
            self._deploy()
            cleanup.callback(running.forget, self._name)
            self._explain()
            forgotten = self._rotate()
            self._plan_again()
            self._find_no_password(forgotten)
            policies = self._policies()
            self._evaluate_calls("Evaluate the calls of every role", policies)
            if self._keep:
                cleanup.pop_all()
                self._database.leave()
                print(f"\nEnd it:\n    make local-stop ENV={self._name}")
            else:
                self._destroy()
                if self._environment.account.github_repository:
                    self._evaluate_calls("Evaluate the calls of the teardown", policies)

    def _prepare(self) -> None:
        self._variables = self._emulator.environment(self._environment.region)
        settings = {**without_aws(os.environ), **self._variables}
        self._variables |= terraform.settings(settings)
        self._environ = {**settings, **self._variables}
        self._s3 = self._client("s3")

    def _client(self, service: str) -> Any:
        return self._emulator.client(service, self._environment.region)

    def _deploy(self) -> None:
        app = cdktf.app_command(self._name)
        with self._progress.phase("Synthesize", "synth") as phase:
            cdktf.synthesize(app, self._environ, on_line=phase.line)
        with self._progress.phase("Deploy every stack", "deploy") as phase, ThreadPoolExecutor(1) as pool:
            phase.expect({stack.name: stack.size for stack in stacks.find_all(self._name)})
            # The provider waits for a minute until each server of S3 knows the bucket's lifecycle rules. The states of
            # the other stacks need just the bucket.
            bootstrapping = pool.submit(self._bootstrap, phase)
            try:
                self._await_bucket(bootstrapping)
                cdktf.run(
                    "deploy",
                    f"{self._name}-*",
                    app=app,
                    environ=self._environ | {"AWS_ACCESS_KEY_ID": DEPLOYING_KEY},
                    approved=True,
                    synthesized=True,
                    on_line=phase.line,
                )
            except BaseException:  # an interrupt reaches only this thread
                processes.end_terraforms()
                raise
            bootstrapping.result()

    def _bootstrap(self, phase: Phase) -> None:
        name = stacks.find(self._name, bootstrap=True)[0].name
        bootstrap.bootstrap(
            self._name,
            environ=self._environ,
            s3=self._s3,
            approved=True,
            say=lambda text: phase.line(f"{name}: {text}"),
        )

    def _await_bucket(self, bootstrapping: Future[None]) -> None:
        """Return when the bucket of the states exists, or bootstrap has ended. Raises what bootstrap raises."""
        bucket = stacks.find(self._name)[0].backend["bucket"]
        while bucket not in {one["Name"] for one in self._s3.list_buckets()["Buckets"]}:
            if bootstrapping.done():
                return bootstrapping.result()
            time.sleep(_POLL_SECONDS)
        return None

    def _rotate(self) -> set[str]:
        """Three rotations; the previous login must work until the next. Raises DeployError.

        Returns the passwords: Secrets Manager forgets those of two rotations ago.
        """
        outputs = {
            name: output["value"]
            for _, state in states.states(stacks.find(self._name), self._s3)
            for name, output in state["outputs"].items()
        }
        with self._progress.phase("Rotate the database credentials three times", "rotations") as phase:
            held = rotate(outputs["secret_arn"], 2, self._client("secretsmanager"), self._database)
            phase.detail(" -> ".join(facts["username"] for facts in held))
        return {facts["password"] for facts in held}

    def _find_no_password(self, forgotten: set[str]) -> None:
        """Search states, plans, logs and functions for every password and API key. Raises DeployError."""
        with self._progress.phase("Find no password or API key in any state, plan or log", "passwords") as phase:
            found = passwords(self._client) | forgotten
            bucket = stacks.find(self._name)[0].backend["bucket"]
            keys = client_keys(self._client)
            leaks, searched = where_found(found | keys, self._client, self._folder, bucket)
            if not found or leaks:
                raise DeployError(
                    f"passwords or API keys stand in: {', '.join(leaks)}" if found else "no password to search for"
                )
            phase.detail(f"{len(found)} passwords, {len(keys)} API keys, {searched} places")

    def _policies(self) -> permissions.Deployed:
        """Those of everything that is deployed."""
        return permissions.deployed(
            (resource["type"], instance["attributes"])
            for _, state in states.states(stacks.find_all(self._name), self._s3)
            for resource in state["resources"]
            for instance in resource["instances"]
        )

    def _evaluate_calls(self, title: str, policies: permissions.Deployed) -> None:
        """Raise DeployError if a role may not make one of the calls made as it since the last evaluation."""
        with self._progress.phase(title, "permissions", tail=False) as phase:
            names = self._environment.names
            has_workflows = self._environment.account.github_repository is not None
            calls = self._emulator.calls.read_text(encoding="utf-8").splitlines()
            evaluation = permissions.evaluate(
                map(json.loads, calls[self._evaluated :]),
                policies,
                {DEPLOYING_KEY: names.name("deploy"), PLANNING_KEY: names.name("plan")} if has_workflows else {},
            )
            self._evaluated = len(calls)
            without = "" if has_workflows else " (no deploy and plan roles: account.github_repository is not set)"
            phase.detail(f"{evaluation}{without}")
            if evaluation.denied:
                raise DeployError("\n".join(evaluation.denied))
        for text in evaluation.unknown:
            print(f"  not judged: {text}", flush=True)

    def _plan_again(self) -> None:
        """Raise DeployError unless Terraform finds nothing left to do in any stack."""
        found = stacks.find_all(self._name)
        title = "Plan every stack after three rotations: no change"
        with self._progress.phase(title, "plan") as phase, ThreadPoolExecutor(2) as pool:
            phase.expect({stack.name: 0 for stack in found})

            def one(stack: Stack) -> int:
                phase.line(f"{stack.name}: Planning")
                arguments = ["plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false"]
                environ = self._environ | {"AWS_ACCESS_KEY_ID": PLANNING_KEY}
                plan = terraform.run(arguments, cwd=stack.folder, environ=environ, check=False)
                phase.line(f"{stack.name}: Planned, exit code {plan.returncode}\n{plan.stdout}{plan.stderr}")
                return plan.returncode

            codes = list(pool.map(one, found))
            if changed := [stack.name for stack, code in zip(found, codes, strict=True) if code]:
                raise DeployError(f"the plan is not empty: {', '.join(changed)}")
            phase.detail(f"{len(found)} stacks")

    def _resources(self, found: list[Stack]) -> Iterator[tuple[Stack, Counter[str]]]:
        """Of each stack that is deployed, how many resources of each type it has."""
        for stack, state in states.states(found, self._s3):
            types: Counter[str] = Counter()
            for resource in state["resources"]:
                if resource["mode"] == "managed":
                    types[resource["type"].removeprefix("aws_")] += len(resource["instances"])
            yield stack, types

    def _destroy(self) -> None:
        app = cdktf.app_command(self._name, unprotected=True)
        # The states are those of the plan that found no change: nothing has to be read again.
        believing = {
            **self._environ,
            "AWS_ACCESS_KEY_ID": DEPLOYING_KEY,
            **dict.fromkeys(("TF_CLI_ARGS_apply", "TF_CLI_ARGS_destroy"), "-refresh=false"),
        }
        aws: dict[str, Any] = {"environ": believing, "s3": self._s3, "client": self._emulator.client}
        if self._environment.protected:
            with self._progress.phase("Lift the protection (make unprotect)", "unprotect") as phase:
                teardown.unprotect(self._name, app=app, on_line=phase.line, **aws)
        with self._progress.phase("Destroy every stack but bootstrap", "destroy") as phase:
            phase.expect({stack.name: types.total() for stack, types in self._resources(stacks.find(self._name))})
            teardown.destroy(self._name, app=app, on_line=phase.line, **aws)
            left = [stack.name for stack, types in self._resources(stacks.find(self._name)) if types]
            if left:
                raise DeployError(f"resources are left in {', '.join(left)}")

    def _explain(self) -> None:
        """Show what is deployed, and how to use it while it is."""
        table = Table("stack", "resources", "of which", title=f"{self._name} on the embedded AWS")
        for stack, types in self._resources(stacks.find_all(self._name)):
            most = ", ".join(f"{count} {type_}" for type_, count in types.most_common(4))
            table.add_row(stack.name, str(types.total()), most)
        self._progress.console.print(table)
        server = self._database.server
        assert server is not None
        script = running.remember(self._name, [self._emulator.pid, server.pid], server.folder, self._variables)
        until = "It keeps running" if self._keep else "It runs until it has been tested; KEEP=1 leaves it running"
        print(
            f"""
{self._name} is deployed. {until}. In a shell:
    source {script.relative_to(ROOT)}                                  # AWS is now the embedded one
    aws ec2 describe-vpcs                            # any AWS client works
    terraform -chdir=cdktf.out/stacks/{self._name}-network state list
    npx cdktf diff {self._name}-network
""",
            flush=True,
        )
