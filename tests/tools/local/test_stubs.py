"""What has to exist as a stub is read from the JSON, whichever setting names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from all_environments import FULL, load

from tools.local import stubs
from tools.synthesized import stacks
from tools.synthesized.stacks import Stack

_ACCOUNT = "111111111111"
_FUNCTION = f"arn:aws:lambda:eu-west-1:{_ACCOUNT}:function:"
_CERTIFICATE = "11111111-1111-1111-1111-111111111111"
_URI = f"arn:aws:apigateway:eu-west-1:lambda:path/functions/{_FUNCTION}orders:7/invocations"


class Written(Stack):
    """A stack whose JSON is given."""

    @property
    def configuration(self) -> dict[str, object]:
        return {"resource": self.backend}


def named(**resources: object) -> list[str]:
    found = {type_: {"one": arguments} for type_, arguments in resources.items()}
    return stubs.named([Written("iot-dev-api", Path(), found)], _ACCOUNT)


@pytest.fixture
def everything(app_outdir: Path) -> list[Stack]:
    return [*stacks.find(FULL, bootstrap=True, outdir=app_outdir), *stacks.find(FULL, outdir=app_outdir)]


def test_everything_that_the_full_environment_names_is_found(everything: list[Stack]) -> None:
    settings = load(FULL)
    api, service, domain = settings.api, settings.service, settings.api.domain
    assert domain is not None
    expected = {
        *(route.function_arn for route in api.routes),
        *(authorizer.function_arn for authorizer in api.authorizers.values()),
        domain.certificate_arn,
        service.certificate_arn,
        f"arn:aws:route53:::hostedzone/{domain.zone_id} {domain.name}",
    }

    found = stubs.named(everything, settings.account_id)

    # A function that is called by its alias is permitted by its name.
    names = {":".join(arn.split(":")[:7]) for arn in found if ":function:" in arn}
    assert set(found) == (expected - {None}) | names


@pytest.mark.parametrize("name", ["iot-dev", "iot-prod", "globecart-dev", "globecart-prod"])
def test_what_a_stack_makes_is_no_stub(app_outdir: Path, name: str) -> None:
    found = stubs.named(
        [*stacks.find(name, bootstrap=True, outdir=app_outdir), *stacks.find(name, outdir=app_outdir)],
        load(name).account_id,
    )

    assert found == sorted(filter(None, [load(name).service.certificate_arn]))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{_FUNCTION}orders", [f"{_FUNCTION}orders"]),
        (_URI, [f"{_FUNCTION}orders:7"]),
        (f'{{"Resource": ["{_FUNCTION}orders"]}}', [f"{_FUNCTION}orders"]),
        (f"{_FUNCTION}orders-*", []),
        (f"{_FUNCTION}orders:*", []),
        (_FUNCTION.replace(_ACCOUNT, "999999999999") + "orders", []),
        (f"arn:aws:iam::{_ACCOUNT}:role/orders", []),
        (f"first\n{_FUNCTION}orders\nlast", [f"{_FUNCTION}orders"]),
        (f"arn:aws-us-gov:acm:us-gov-west-1:{_ACCOUNT}:certificate/{_CERTIFICATE}", [
            f"arn:aws-us-gov:acm:us-gov-west-1:{_ACCOUNT}:certificate/{_CERTIFICATE}"
        ]),
        (f"arn:aws:secretsmanager:eu-west-1:{_ACCOUNT}:secret:a/b-A1b2C3:host::", []),
    ],
)  # fmt: skip
def test_arns_are_found_in_whatever_they_stand(text: str, found: list[str]) -> None:
    assert named(aws_x={"blocks": [{"value": text}]}) == found


def test_a_zone_is_named_by_its_id() -> None:
    assert named(aws_route53_record={"zone_id": "Z1", "name": "api.example.com"}) == [
        "arn:aws:route53:::hostedzone/Z1 api.example.com"
    ]
    assert named(aws_route53_record={"zone_id": "${aws_route53_zone.one.zone_id}", "name": "api.example.com"}) == []
