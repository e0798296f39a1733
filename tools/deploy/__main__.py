"""`python -m tools.deploy <verb> --env NAME`: what the Makefile calls."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from settings import load
from tools.deploy import (
    adopt,
    bootstrap,
    cdktf,
    concurrency,
    leftovers,
    migrate,
    moves,
    plans,
    release,
    session,
    single,
    teardown,
    terraform,
    unlock,
)
from tools.synthesized.errors import DeployError, exit_code


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when done, 1 when something failed, 2 when the call, a settings file or the synthesis is at fault."""
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description=__doc__)
    verbs = ["bootstrap", "deploy", "diff", "apply", "migrate", "recover", "move", "unprotect", "destroy"]
    verbs += ["release", "shell", "tunnel"]
    parser.add_argument("verb", choices=verbs)
    parser.add_argument("--env", required=True, metavar="NAME")
    parser.add_argument("--suffix", metavar="TEXT", help="the short-lived copy with this suffix")
    parser.add_argument(
        "--confirm", metavar="NAME", help="the environment's name again, where a verb takes something away"
    )
    parser.add_argument("--approve", action="store_true", help="do not ask before changing anything")
    parser.add_argument("--stack", metavar="COMPONENT", help="deploy this stack alone")
    parser.add_argument("--image", metavar="IMAGE", help="what `release` deploys")
    parser.add_argument("--to", metavar="TARGET", help="where `tunnel` leads to: database or cache")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _perform(options))


def _perform(options: argparse.Namespace) -> None:
    environment = load(options.env, suffix=options.suffix)
    name = environment.name
    terraform.check_machine(os.environ)
    environ = {**os.environ, **terraform.settings(os.environ)}
    verb = options.verb
    if verb in ("unprotect", "destroy"):
        teardown.confirm(name, options.confirm, verb)
    unprotected = verb in ("unprotect", "destroy")
    app = cdktf.app_command(options.env, suffix=options.suffix, unprotected=unprotected)

    def clients(service: str) -> Any:
        return _client(service, environment.region)

    if verb in ("deploy", "apply"):
        concurrency.check(environment, clients=clients)
        leftovers.clear(environment, clients=clients, approved=options.approve or verb == "apply")
    if verb == "bootstrap":
        if environment.suffix is not None:
            raise DeployError("a short-lived copy has no bootstrap: it uses the bucket of its original")
        cdktf.synthesize(app, environ)
        bootstrap.bootstrap(name, environ=environ, s3=_client("s3", environment.region), approved=options.approve)
    elif verb == "recover":
        cdktf.synthesize(app, environ)
        confirmed = options.confirm == name
        unlock.unlock(name, environ=environ, s3=_client("s3", environment.region), confirmed=confirmed)
        if confirmed:
            count = adopt.adopt(name, environ=environ, tagging=clients("resourcegroupstaggingapi"), s3=clients("s3"))
            print(f"Taken back: {count}. Now deploy again.")
    elif verb == "move":
        cdktf.synthesize(app, environ)
        moves.move(name, environ=environ, s3=clients("s3"), confirmed=options.confirm == name)
    elif verb == "migrate":
        migrate.migrate(environment, clients=clients)
    elif verb == "unprotect":
        teardown.unprotect(name, app=app, environ=environ)
    elif verb == "destroy":
        teardown.destroy(name, app=app, environ=environ, s3=_client("s3", environment.region))
    elif verb == "apply":
        cdktf.synthesize(app, environ)
        moves.check(name, clients("s3"))
        plans.apply(name, environ=environ, s3=_client("s3", environment.region))
    elif verb == "release":
        if not options.image:
            raise DeployError(
                "IMAGE is missing; name the new image: make release ENV=... IMAGE=<repository>@sha256:..."
            )
        release.release(
            environment,
            options.image,
            environ=environ,
            s3=clients("s3"),
            synthesize=lambda: cdktf.synthesize(app, environ),
            approved=options.approve,
        )
    elif verb == "shell":
        session.shell(environment, clients=clients)
    elif verb == "tunnel":
        session.tunnel(environment, options.to, clients=clients)
    elif verb == "diff":
        cdktf.diff(name, app=app, environ=environ)
    elif options.stack:
        cdktf.synthesize(app, environ)
        moves.check(name, clients("s3"))
        stack = single.stack_of(name, options.stack)
        single.check(stack, name, environ=environ, s3=clients("s3"))
        cdktf.run(verb, stack.name, app=app, environ=environ, approved=options.approve, alone=True)
    else:
        cdktf.run(
            verb,
            f"{name}-*",
            app=app,
            environ=environ,
            approved=options.approve,
            check=lambda: moves.check(name, clients("s3")),
        )


def _client(service: str, region: str) -> Any:
    import boto3

    return boto3.client(service, region_name=region)


if __name__ == "__main__":
    sys.exit(main())
