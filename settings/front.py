"""Table `front`: CloudFront in front of the API and of static files. Without the table there is none."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from settings.api import ApiSettings
from settings.api.tables import HostName, ZoneId
from settings.base import CertificateArn, Settings
from settings.broken import Broken
from settings.service import foreign_certificate

# Certificates, firewalls and log deliveries of CloudFront must be in this region.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
REGION = "us-east-1"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-web-distributions
_MOST_PATTERNS = 75


class FrontSettings(Settings):
    """CloudFront with a custom domain name. An ephemeral environment has none: the name belongs to the original."""

    name: HostName
    certificate_arn: CertificateArn = Field(description=f"the ACM certificate of that name, in {REGION}")
    zone_id: ZoneId


def api_patterns(api: ApiSettings) -> list[str]:
    """The paths that CloudFront forwards to the API, such as `/orders` and `/orders/*`; all others are static files."""
    patterns = set()
    for route in api.routes:
        first, *more = route.path.strip("/").split("/")
        patterns.add(f"/{first}/*" if more else f"/{first}")
    return sorted(patterns)


def _certificate(account_id: str, front: FrontSettings | None) -> Iterator[Broken]:
    arn = front.certificate_arn if front else None
    yield from foreign_certificate("front.certificate_arn", arn, account_id, REGION)


def _callers(front: FrontSettings | None, api: ApiSettings) -> Iterator[Broken]:
    """Behind CloudFront, the API sees only CloudFront's addresses."""
    if front is None:
        return
    if api.allowed_cidrs:
        yield Broken(
            "api.allowed_cidrs",
            list(api.allowed_cidrs),
            "no blocks with [front], because only CloudFront calls the API",
            "delete the key, or the table [front]",
        )
    if api.domain is not None and api.domain.name == front.name:
        yield Broken("front.name", front.name, "a name other than api.domain.name", "change one of the two")


def _paths(front: FrontSettings | None, api: ApiSettings) -> Iterator[Broken]:
    if front is None:
        return
    for index, route in enumerate(api.routes):
        if route.path == "/" or route.path.startswith("/{"):
            yield Broken(
                f"api.routes.{index}.path",
                route.path,
                "with [front] a path whose first segment is a name, because CloudFront serves all other paths as "
                "static files",
                "add a first segment, such as /api",
            )
    if len(patterns := api_patterns(api)) > _MOST_PATTERNS - 1:
        yield Broken(
            "api.routes",
            f"{len(patterns)} patterns",
            f"at most {_MOST_PATTERNS - 1} different first path segments with [front], which is CloudFront's limit",
            "use the same first segment for several routes",
        )


# Run by `settings.rules` with those of the other tables.
RULES = (_certificate, _callers, _paths)
