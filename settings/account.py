"""Table `account`: what an account and region have once, and who owns it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.base import Settings, described


class AccountSettings(Settings):
    """Things that exist once per account and region. Exactly one environment of an account owns them."""

    owns_api_gateway_role: bool = Field(
        default=False,
        description="true or false: bootstrap creates the CloudWatch role that API Gateway needs once per account "
        "and region",
    )
    github_repository: Annotated[
        str | None,
        described(
            'the GitHub repository, as "owner/name", whose workflows may plan and deploy',
            r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/[A-Za-z0-9._-]{1,100}$",
        ),
    ] = None
    github_branch: Annotated[
        str,
        described("the branch whose workflows plan and deploy, e.g. main", r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$"),
    ] = "main"
    owns_github_provider: bool = Field(
        default=True,
        description="true or false: with github_repository, bootstrap creates GitHub's OIDC provider, of which an "
        "account has one",
    )
