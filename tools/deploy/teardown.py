"""Lifting the protection of an environment, destroying it, and ending what that leaves: one step each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tools.deploy import cdktf, destruction, keep, kept, leftovers, processes, states
from tools.deploy.aws import Regional, asked
from tools.deploy.processes import OnLine
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError


def confirm(environment: str, confirmation: str | None, verb: str) -> None:
    """Raise DeployError unless the person typed the environment's name once more."""
    if confirmation != environment:
        raise DeployError(f"to {verb} {environment} type its name twice: make {verb} ENV=... CONFIRM={environment}")


def unprotect(
    environment: str,
    *,
    app: list[str],
    environ: Mapping[str, str],
    s3: Any,
    client: Regional,
    on_line: OnLine = processes.echo,
) -> None:
    """Deploy the environment without deletion protection and prevent_destroy: the first step of its teardown.

    `app` synthesizes with `--unprotected`. The next ordinary deployment protects the environment again.
    """
    cdktf.synthesize(app, environ, on_line=on_line)
    with keep.taken_up(environment, s3=s3, client=client, say=on_line):
        cdktf.run(
            "deploy", f"{environment}-*", app=app, environ=environ, approved=True, synthesized=True, on_line=on_line
        )


def destroy(
    environment: str,
    *,
    app: list[str],
    environ: Mapping[str, str],
    s3: Any,
    client: Regional,
    on_line: OnLine = processes.echo,
) -> None:
    """Destroy every stack but bootstrap, and say what is left. Raises DeployError while a deployed stack is protected.

    What counts is the state, in which the last deployment has written whether it was protected, not the files. The keys
    of what outlives the destruction are kept: `keep.release`. One that failed half-way can be run again.
    """
    cdktf.synthesize(app, environ, on_line=on_line)
    begun = destruction.has_begun(environment, s3)
    protected = [
        stack.name
        for stack, state in states.states(stacks.find(environment), s3)
        if state["resources"] and not _unprotected(state["outputs"], begun=begun)
    ]
    if protected:
        raise DeployError(
            f"protected: {', '.join(protected)}; first run: make unprotect ENV={environment} CONFIRM={environment}"
        )
    with asked("nothing was destroyed, for it is not known which keys are still needed"):
        keep.release(environment, environ=environ, s3=s3, client=client, say=on_line)
        destruction.begin(environment, s3)
    cdktf.run("destroy", f"{environment}-*", app=app, environ=environ, approved=True, synthesized=True, on_line=on_line)
    with asked("destroyed; what is left cannot be listed"):
        destruction.end(environment, s3)
        keys, vaults = kept.keys(environment, client), kept.vaults(environment, client)
        left = leftovers.find([key.arn for key in keys], vaults, client)
    standing = [f"{key.alias} ({key.arn})" for key in keys if not key.pending]
    leftovers.show(environment, standing, [name for _, name in vaults], left, say=on_line)
    for key in keys:
        if key.pending:
            on_line(
                f"{key.alias} is pending deletion, and what it encrypts is lost with it; to keep it: {_cancel(key)}"
            )


def _unprotected(outputs: Mapping[str, Mapping[str, Any]], *, begun: bool) -> bool:
    """Terraform takes the outputs out of a state when it begins to destroy the stack.

    https://github.com/hashicorp/terraform/issues/29270
    An import into an empty state writes none either, so that their absence alone says nothing.
    """
    return (begun and not outputs) or outputs.get("protected", {}).get("value") is False


def _cancel(key: kept.Kept) -> str:
    return f"aws --region {key.region} kms cancel-key-deletion --key-id {key.arn}"


def forget(
    environment: str, *, window_days: int, s3: Any, client: Regional, say: Callable[[str], None] = print
) -> None:
    """Schedule the deletion of the keys that `destroy` has left, and delete their aliases and the empty vaults.

    The last step of a teardown: until `window_days` have passed, `aws kms cancel-key-deletion` still undoes it.
    Raises DeployError while a stack stands, or anything is encrypted under one of the keys, with the command that
    deletes it. AWS is asked for what still runs, too: a state may be lost while its resources stand.
    """
    standing = [stack.name for stack, state in states.states(stacks.find(environment), s3) if state["resources"]]
    if standing:
        raise DeployError(
            f"deployed: {', '.join(standing)}; first run: make destroy ENV={environment} CONFIRM={environment}"
        )
    with asked("not everything was forgotten; run it again"):
        keys, vaults = kept.keys(environment, client), kept.vaults(environment, client)
        left = leftovers.find([key.arn for key in keys], vaults, client)
        if left:
            lines = [f"{one.kind} {one.name}; to delete it: {one.delete}" for one in left]
            count = "1 item still needs" if len(left) == 1 else f"{len(left)} items still need"
            raise DeployError("\n".join([f"nothing was deleted; {count} a key or a vault:", *lines]))
        for region, vault in vaults:
            client("backup", region).delete_backup_vault(BackupVaultName=vault)
            say(f"Deleted the vault {vault}, which was empty")
        for key in keys:
            kms = client("kms", key.region)
            if not key.pending:
                kms.schedule_key_deletion(KeyId=key.arn.rpartition("/")[2], PendingWindowInDays=window_days)
            kms.delete_alias(AliasName=key.alias)
            say(f"{key.alias}: deleted in {window_days} days; until then: {_cancel(key)}")
    if not keys:
        say(f"No key of {environment} is kept")
