"""Says before a deployment that the account has no concurrency to spare for the rotation function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from settings import Environment
from tools.synthesized.errors import DeployError

# Runs that Lambda wants left for functions without a reservation.
# https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html
_LEFT_FOR_OTHERS = 100


def check(environment: Environment, *, clients: Callable[[str], Any], say: Callable[[str], None] = print) -> None:
    """Compare `rotation.reserved_concurrency` with what the account can still reserve.

    Raises DeployError when the reservation would be refused, minutes later. An AWS that does not tell is no reason to
    stop: the role may lack the right, and the deployment reports the rest itself.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    wanted = environment.rotation.reserved_concurrency
    if not wanted:
        return
    functions = clients("lambda")
    try:
        limits = functions.get_account_settings()["AccountLimit"]
        held = _held(functions, environment.names.name("rotation"))
    except (BotoCoreError, ClientError) as error:
        say(f"The account's quota of concurrent runs of functions was not checked: {error}")
        return
    spare = limits["UnreservedConcurrentExecutions"] + held - _LEFT_FOR_OTHERS
    if wanted > spare:
        raise DeployError(
            f"rotation.reserved_concurrency = {wanted}; allowed: at most {max(spare, 0)} in the account "
            f"{environment.account_id}, whose quota in {environment.region} is {limits['ConcurrentExecutions']} runs "
            f"of functions at once, {_LEFT_FOR_OTHERS} of them for functions without a reservation; "
            "have AWS raise the quota, or in development set 0"
        )


def _held(functions: Any, name: str) -> int:
    """What the function has reserved already: 0 before its first deployment."""
    try:
        answer = functions.get_function_concurrency(FunctionName=name)
    except functions.exceptions.ResourceNotFoundException:
        return 0
    reserved: int = answer.get("ReservedConcurrentExecutions", 0)
    return reserved
