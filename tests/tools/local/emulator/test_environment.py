import pytest

from tools.local.emulator.environment import client_environment, without_aws


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_ENDPOINT_URL_S3",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_S3_ENDPOINT",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "aws_profile",
    ],
)
def test_variable_that_could_lead_to_the_real_aws_is_dropped(name: str) -> None:
    assert name not in without_aws({name: "anything"})


def test_other_variables_stay() -> None:
    given = {"PATH": "/bin", "HOME": "/home", "TF_LOG": "info", "MY_AWS_THING": "x"}
    assert given.items() <= without_aws(given).items()


def test_proxy_is_not_asked_for_the_emulator() -> None:
    assert without_aws({})["NO_PROXY"] == "127.0.0.1"
    assert without_aws({"no_proxy": "example.com"})["no_proxy"] == "example.com,127.0.0.1"


def test_given_mapping_is_not_changed() -> None:
    given = {"AWS_PROFILE": "production"}
    without_aws(given)
    assert given == {"AWS_PROFILE": "production"}


def test_clients_get_the_endpoint_dummy_keys_and_no_files_of_the_user() -> None:
    variables = client_environment("http://127.0.0.1:1", "ca-central-1")
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "ca-central-1"
    assert variables["AWS_CONFIG_FILE"] == variables["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"
