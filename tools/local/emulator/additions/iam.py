"""IAM: the trust policies of roles."""

from typing import Any

from moto.iam.models import IAMBackend

from tools.local.emulator.policies import saved
from tools.local.emulator.registry import extend


@extend(IAMBackend, because="role.assume_role_policy_document = policy_document")
def update_assume_role_policy(stock: Any, self: Any, role_name: str, policy_document: str) -> None:
    """moto answers the text that it was given."""
    stock(self, role_name, saved(policy_document))


@extend(IAMBackend, because="assume_role_policy_document")
def create_role(stock: Any, self: Any, **kwargs: Any) -> Any:
    """As `update_assume_role_policy`."""
    kwargs["assume_role_policy_document"] = saved(kwargs["assume_role_policy_document"])
    return stock(self, **kwargs)
