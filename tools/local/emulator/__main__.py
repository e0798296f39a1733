"""`python -m tools.local.emulator`: the embedded AWS in the foreground, until SIGTERM or SIGINT."""

import argparse
import logging
import os
import re
import sys
from pathlib import Path


def _account_id(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an AWS account id of 12 digits")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.local.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument(
        "--account-id", type=_account_id, required=True, help="the account that all resources belong to"
    )
    parser.add_argument("--port-file", type=Path, help="written once connections are accepted")
    parser.add_argument("--log", type=Path, help="log file; standard error if left out")
    parser.add_argument("--lambda-config", type=Path, help="JSON: function name pattern -> {environment, files}")
    parser.add_argument("--exit-with-stdin", action="store_true", help="also end when standard input is closed")
    return parser


def main() -> int:
    arguments = _parser().parse_args()
    if arguments.lambda_config and not arguments.lambda_config.is_file():
        _parser().error(f"--lambda-config: there is no file {arguments.lambda_config}")
    logging.basicConfig(
        filename=arguments.log,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("tools.local.emulator").setLevel(logging.INFO)

    # moto reads these when it is imported.
    os.environ["MOTO_ACCOUNT_ID"] = arguments.account_id
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    from tools.local.emulator import additions, registry, server

    try:
        registry.apply()
    except registry.MotoChangedError as error:
        logging.getLogger(additions.__name__).error("%s", error)
        return 1
    server.serve(
        arguments.port,
        port_file=arguments.port_file,
        lambda_config=arguments.lambda_config,
        exit_with_stdin=arguments.exit_with_stdin,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
