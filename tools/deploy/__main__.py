"""`python -m tools.deploy <verb> --env NAME`: what the Makefile calls."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from settings import load
from tools.deploy import (
    account,
    bootstrap,
    cdktf,
    check_account,
    drill,
    keep,
    migrate,
    moves,
    plans,
    processes,
    recover,
    release,
    restored,
    session,
    single,
    teardown,
    terraform,
)
from tools.deploy.aws import asked
from tools.synthesized.errors import DeployError, exit_code
from tools.synthesized.paths import ROOT

VERBS = (
    "bootstrap", "deploy", "diff", "apply", "migrate", "release", "shell", "tunnel", "recover", "move", "unprotect",
    "destroy", "forget", "drill", "check-account",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when done, 1 when something failed, 2 when the call, a settings file or the synthesis is at fault."""
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description=__doc__)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("--env", required=True, metavar="NAME")
    parser.add_argument("--suffix", metavar="TEXT", help="the ephemeral environment with this suffix")
    parser.add_argument(
        "--confirm", metavar="NAME", help="the environment's name again, to confirm that something is deleted"
    )
    parser.add_argument("--approve", action="store_true", help="do not ask before changing anything")
    parser.add_argument("--stack", metavar="COMPONENT", help="deploy this stack alone")
    parser.add_argument("--image", metavar="IMAGE", help="the image that `release` deploys")
    parser.add_argument("--to", metavar="TARGET", help="the target of `tunnel`: database or cache")
    parser.add_argument("--synthesized", action="store_true", help="apply: take cdktf.out as another job made it")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _perform(options))


def _perform(options: argparse.Namespace) -> None:
    with asked(f"{options.verb} failed"):
        _dispatch(options)


def _dispatch(options: argparse.Namespace) -> None:
    environment = load(options.env, suffix=options.suffix)
    name, verb = environment.name, options.verb
    terraform.check_machine(os.environ)
    environ = {**os.environ, **terraform.settings(os.environ)}
    tears_down = verb in ("unprotect", "destroy")
    if tears_down or verb == "forget" or options.confirm:  # without it `recover` and `move` only show
        teardown.confirm(name, options.confirm, verb)
    if verb == "bootstrap" and environment.suffix is not None:
        raise DeployError("an ephemeral environment has no bootstrap stack: it uses the original environment's bucket")
    app = cdktf.app_command(options.env, suffix=options.suffix, unprotected=tears_down)

    def clients(service: str) -> Any:
        return _client(service, environment.region)

    if verb == "deploy" and not options.approve:
        processes.require_terminal("cdktf deploy")
    if verb in ("deploy", "apply"):
        account.prepare(environment, clients=clients, approved=options.approve or verb == "apply")
    if verb in ("deploy", "diff", "unprotect", "check-account"):
        cdktf.require_credentials(environ)
    if verb == "check-account":
        check_account.refuse_others(environment, clients("sts"))
    if verb in ("check-account", "bootstrap", "recover", "move", "deploy", "forget") or (
        verb == "apply" and not options.synthesized
    ):
        cdktf.synthesize(app, environ)
    match verb:
        case "bootstrap":
            bootstrap.bootstrap(name, environ=environ, s3=clients("s3"), approved=options.approve)
        case "check-account":
            check_account.check(environment, client=_client)
        case "recover":
            recover.recover(
                name, environ=environ, client=_client, region=environment.region, confirmed=bool(options.confirm)
            )
        case "migrate":
            migrate.migrate(environment, clients=clients)
        case "unprotect":
            restored.refuse_empty(environment, rds=clients("rds"))
            teardown.unprotect(name, app=app, environ=environ, s3=clients("s3"), client=_client)
        case "destroy":
            teardown.destroy(name, app=app, environ=environ, s3=clients("s3"), client=_client)
        case "forget":
            window = environment.encryption.deletion_window_days
            teardown.forget(name, window_days=window, s3=clients("s3"), client=_client)
        case "drill":
            for ends in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: the copy is destroyed first
                signal.signal(ends, lambda *_: signal.raise_signal(signal.SIGINT))
            # What an embedded AWS restores proves nothing of the environment.
            page = None if "AWS_ENDPOINT_URL" in environ else ROOT / "docs" / "drills.md"
            drill.drill(environment, clients=clients, page=page)
        case "move":
            moves.move(name, environ=environ, s3=clients("s3"), confirmed=bool(options.confirm))
        case "apply":
            moves.check(name, clients("s3"))
            restored.refuse_empty(environment, rds=clients("rds"))
            with keep.taken_up(name, s3=clients("s3"), client=_client) as changed:
                if changed:
                    again = (
                        f"{', '.join(changed)} was restored from what destroy had kept; plan again: make plan "
                        f"ENV={name}"
                    )
                    raise DeployError(f"nothing was applied: {again}")
                plans.apply(name, environ=environ, s3=clients("s3"))
        case "diff":
            cdktf.synthesize(app, environ)
            with keep.taken_up(name, s3=clients("s3"), client=_client, change=False):
                cdktf.diff(name, app=app, environ=environ)
        case "release":
            release.release(
                environment,
                options.image,
                environ=environ,
                synthesize=lambda: cdktf.synthesize(app, environ),
                approved=options.approve,
            )
        case "shell":
            session.shell(environment, clients=clients)
        case "tunnel":
            session.tunnel(environment, options.to, clients=clients)
        case "deploy":
            moves.check(name, clients("s3"))
            restored.refuse_empty(environment, rds=clients("rds"))
            pattern = f"{name}-*"
            if options.stack:
                stack = single.stack_of(name, options.stack)
                single.check(stack, name, environ=environ, s3=clients("s3"))
                pattern = stack.name
            with keep.taken_up(name, s3=clients("s3"), client=_client):
                cdktf.run(
                    "deploy",
                    pattern,
                    app=app,
                    environ=environ,
                    approved=options.approve,
                    alone=bool(options.stack),
                    synthesized=True,
                )


def _client(service: str, region: str) -> Any:
    import boto3

    return boto3.client(service, region_name=region)


if __name__ == "__main__":
    sys.exit(main())
