"""The environment variables with which every AWS client talks to the emulator, and to nothing else."""

import os
from collections.abc import Mapping

HOST = "127.0.0.1"
KEY = "emulator"
"""What every client signs with, and nobody checks."""
PLANNING_KEY = "emulator-plan"
"""What plans sign with, so that `tools.local.emulator.calls` tells them apart."""
DEPLOYING_KEY = "emulator-deploy"
"""What deployments sign with. A function signs with the name of its role."""


def without_aws(environ: Mapping[str, str]) -> dict[str, str]:
    """A copy of `environ` in which nothing is left that could send a call to the real AWS.

    That is every AWS_ variable: credentials, profiles, files, role and web-identity settings, endpoints of
    single services (AWS_ENDPOINT_URL_S3 and the older AWS_S3_ENDPOINT), and
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, which would switch ours off. A proxy stays set for other hosts, but
    is not asked for the emulator.
    """
    kept = {name: value for name, value in environ.items() if not name.upper().startswith("AWS_")}
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, [kept.get(name), HOST]))
    return kept


def client_environment(endpoint_url: str, region: str) -> dict[str, str]:
    """What Terraform, its AWS provider and S3 backend, boto3 and the AWS CLI need; no `endpoints` block
    anywhere.

    The files are set to nothing because a profile in the user's own could name other endpoints or
    credentials.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
