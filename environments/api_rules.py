"""Rules between settings of the entry and api stacks; `environments.rules` runs them with all others."""

from __future__ import annotations

from collections.abc import Iterator

from environments.api import ApiSettings
from environments.broken import Broken
from environments.service import ServiceSettings


def _name_in_certificate(api: ApiSettings, service: ServiceSettings) -> Iterator[Broken]:
    if service.certificate_arn is not None and api.service_host_name is None:
        yield Broken(
            "service.certificate_arn",
            service.certificate_arn,
            "a certificate together with api.service_host_name, the host name in it, which API Gateway checks",
            "add that key",
        )


API_RULES = (_name_in_certificate,)
