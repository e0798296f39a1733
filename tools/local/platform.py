"""The whole platform on this machine: deploy, plan again, show, destroy. The JSON is what would go to AWS."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from rich.table import Table

from settings import Environment
from tools.deploy import bootstrap, cdktf, states, teardown, terraform
from tools.local import running
from tools.local.database import EmbeddedDatabase
from tools.local.emulator.environment import PLANNING_KEY, without_aws
from tools.local.emulator.process import Emulator
from tools.local.progress import Progress
from tools.local.rotations import client_keys, passwords, rotate, where_found
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.paths import ROOT
from tools.synthesized.stacks import Stack


class LocalPlatform:
    """One run of `make local`. Only environment variables tell the tools that AWS is embedded."""

    def __init__(self, environment: Environment, *, keep: bool) -> None:
        self._environment = environment
        self._name = environment.name
        self._keep = keep
        self._progress = Progress(running.folder(self._name))
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
            self._plan_again("Plan every stack again: no change", "plan")
            forgotten = self._rotate()
            self._plan_again("Plan every stack after three rotations: no change", "plan-after-rotations")
            self._find_no_password(forgotten)
            self._show()
            if self._keep:
                cleanup.pop_all()
                self._explain()
            else:
                self._destroy()

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
        with self._progress.phase("Bootstrap: state bucket, key, image repository", "bootstrap") as phase:
            phase.expect(sum(stack.size for stack in stacks.find(self._name, bootstrap=True)))
            bootstrap.bootstrap(self._name, environ=self._environ, s3=self._s3, approved=True, say=phase.line)
        with self._progress.phase("Deploy every stack", "deploy") as phase:
            phase.expect(sum(stack.size for stack in stacks.find(self._name)))
            cdktf.run("deploy", f"{self._name}-*", app=app, environ=self._environ, approved=True, on_line=phase.line)

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

    def _plan_again(self, title: str, log: str) -> None:
        """Raise DeployError unless Terraform finds nothing left to do in any stack."""
        found = stacks.find_all(self._name)
        with self._progress.phase(title, log) as phase, ThreadPoolExecutor(2) as pool:
            for stack, plan in zip(found, pool.map(self._plan, found), strict=True):
                phase.line(f"{stack.name}: exit code {plan.returncode}\n{plan.stdout}{plan.stderr}")
                phase.detail(stack.name)
                if plan.returncode != 0:
                    raise DeployError(f"the second plan of {stack.name} is not empty")
            phase.detail(f"{len(found)} stacks")

    def _plan(self, stack: Stack) -> Any:
        arguments = ["plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false"]
        environ = self._environ | {"AWS_ACCESS_KEY_ID": PLANNING_KEY}
        return terraform.run(arguments, cwd=stack.folder, environ=environ, check=False)

    def _show(self) -> None:
        table = Table("stack", "resources", "of which", title=f"{self._name} on the embedded AWS")
        everything = stacks.find_all(self._name)
        for stack, types in self._resources(everything):
            most = ", ".join(f"{count} {type_}" for type_, count in types.most_common(4))
            table.add_row(stack.name, str(types.total()), most)
        self._progress.console.print(table)

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
        aws: dict[str, Any] = {"environ": self._environ, "s3": self._s3, "client": self._emulator.client}
        if self._environment.protected:
            with self._progress.phase("Lift the protection (make unprotect)", "unprotect") as phase:
                teardown.unprotect(self._name, app=app, on_line=phase.line, **aws)
        with self._progress.phase("Destroy every stack but bootstrap", "destroy") as phase:
            phase.expect(sum(types.total() for _, types in self._resources(stacks.find(self._name))))
            teardown.destroy(self._name, app=app, on_line=phase.line, **aws)
            left = [stack.name for stack, types in self._resources(stacks.find(self._name)) if types]
            if left:
                raise DeployError(f"resources are left in {', '.join(left)}")

    def _explain(self) -> None:
        server = self._database.server
        assert server is not None
        script = running.remember(self._name, [self._emulator.pid, server.pid], server.folder, self._variables)
        print(
            f"""
It keeps running. In a shell:
    source {script.relative_to(ROOT)}                                  # AWS is now the embedded one
    aws ec2 describe-vpcs                            # any AWS client works
    terraform -chdir=cdktf.out/stacks/{self._name}-network state list
    npx cdktf diff {self._name}-network
End it:
    make local-stop ENV={self._name}"""
        )
