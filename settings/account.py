"""Table `account`: what an account and region have once, and who owns it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.base import Settings, described


class AccountSettings(Settings):
    """Things that exist once per account and region. Exactly one environment of an account owns them."""

    owns_api_gateway_role: bool = Field(
        default=False, description="true or false: this bootstrap makes API Gateway's CloudWatch role of the account"
    )
    github_repository: Annotated[
        str | None,
        described(
            'a GitHub repository as "owner/name", whose workflows plan and deploy',
            r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/[A-Za-z0-9._-]{1,100}$",
        ),
    ] = None
    github_branch: Annotated[
        str,
        described("the branch whose workflows plan and deploy, e.g. main", r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$"),
    ] = "main"
    owns_github_provider: bool = Field(
        default=True,
        description="true or false: with github_repository, this bootstrap makes the account's provider of GitHub",
    )
