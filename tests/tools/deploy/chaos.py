"""Commands that are killed at random moments, and what docs/deploy.md tells a person to do then.

A kill ends the command and everything it has started at once, as the end of a machine does. Which commands are killed
follows from the seed, and so does at which part of the time that each usually takes.
"""

from __future__ import annotations

import contextlib
import random
import re
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil
import tomlkit

from tests.tools.deploy.walked import NAME, Walked
from tools.deploy import orphans, states
from tools.deploy.aws import ask
from tools.pages.markdown import table
from tools.synthesized import stacks

CONFIRMED = ("--confirm", NAME)
OPTIONS = {"deploy": ("--approve",), "apply": (), "destroy": CONFIRMED, "recover": CONFIRMED}
# For one command, whole: none takes as long when it works.
_PATIENCE_SECONDS = 900
_ROUNDS = 4
_ROWS = 1000
# What outlives its source on purpose, by its ARN.
_MEANT = re.compile(r":(cluster-)?snapshot:|:recovery-point:")

_TAKEN = re.compile("already ?exists", re.IGNORECASE)
# What a command writes beside the JSON of a stack for as long as it runs.
_LEFT = re.compile(r"^(kept|recover)\.|\.tfplan$")


@dataclass
class Kill:
    """One row of the table."""

    number: int
    verb: str
    moment: str
    found: str = ""
    ended: list[str] = field(default_factory=list)
    result: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        return str(self.number), self.verb, self.moment, self.found, ", ".join(self.ended), self.result


class ChaosError(AssertionError):
    """A kill that was not ended as it should be."""


class Chaos:
    """A run of `count` kills on a platform of which nothing is deployed yet."""

    def __init__(self, platform: Walked, *, seed: str, count: int, seconds: float) -> None:
        self.kills: list[Kill] = []
        self.failed = 0
        self._platform, self._seed, self._count = platform, seed, count
        self._random = random.Random(seed)
        self._started = time.monotonic()
        self._deadline = self._started + seconds
        self._usual: dict[str, float] = {}
        self._log = platform.root.parent / "chaos.log"
        self._deployed, self._changed = False, False

    @property
    def table(self) -> str:
        """What the page shows."""
        headings = ("", "killed", "after", "what it left", "ended by", "result")
        minutes = (time.monotonic() - self._started) / 60
        said = f"{datetime.now(UTC):%Y-%m-%d}, `SEED={self._seed}`, {len(self.kills)} kills in {minutes:.0f} minutes:"
        return f"{said}\n\n{table(headings, [kill.cells for kill in self.kills])}"

    def run(self) -> None:
        """Deploy, then kill and end until there are `count` kills; `failed` counts what did not end as it should."""
        file = self._platform.root / "environments" / f"{NAME}.toml"
        file.write_text(file.read_text().replace("protected = true", "protected = false"))
        self._make("bootstrap", "--approve")
        self._usual["deploy"] = self._make("deploy", *OPTIONS["deploy"])
        self._usual |= {"destroy": self._usual["deploy"], "apply": self._usual["deploy"] / 2}
        self._usual["recover"] = self._make("recover", *CONFIRMED)
        self._stacks = stacks.find_all(NAME, outdir=self._platform.root / "cdktf.out")
        self._deployed = True
        self._write_rows()
        self._facts = self._kept()
        self._end([])
        while len(self.kills) < self._count:
            self._once(self._choose())

    def _choose(self) -> str:
        killed = Counter(kill.verb for kill in self.kills)
        possible = ["apply", "destroy"] if self._deployed else ["deploy"]
        return min(possible, key=lambda verb: (killed[verb], self._random.random()))

    def _once(self, verb: str) -> None:
        """Kill one command, and end it; on the way to its end recovery and the command itself may be killed again."""
        kills: list[Kill] = []
        ending = "deploy" if verb == "destroy" and self._random.random() < 0.3 else verb
        if verb == "apply":
            self._change()
        try:
            self._before(verb, kills)
            ended = self._kill(verb, kills)
            while not ended:
                if self._again():
                    self._kill("recover", kills)
                self._command("recover", kills)
                self._before(ending, kills)
                ended = self._kill(ending, kills) if self._again() else self._finish(ending, kills)
            self._deployed = (ending if kills else verb) != "destroy"
            self._end(kills)
            result = "correct"
        except ChaosError as error:
            self.failed += 1
            result = str(error).splitlines()[0]
            self._say(str(error))
            self._begin_again()
        for kill in kills:
            kill.result = result
            self._say(" | ".join(kill.cells))

    def _begin_again(self) -> None:
        """After a failure: what can be deployed is what the next kills must not lose."""
        self._make("recover", *CONFIRMED)
        self._restore_from()
        self._make("deploy", *OPTIONS["deploy"])
        self._deployed = True
        self._platform.database.wait()
        self._facts = self._kept()

    def _again(self) -> bool:
        return len(self.kills) < self._count and self._random.random() < 0.75

    def _before(self, verb: str, kills: list[Kill]) -> None:
        if verb == "apply":
            self._command("plan", kills)
        if verb == "deploy":
            self._restore_from()

    def _finish(self, ending: str, kills: list[Kill]) -> bool:
        """Run the command to its end; where a name is taken recover first, where a plan is stale plan again."""
        for _ in range(_ROUNDS):
            try:
                self._command(ending, kills)
            except ChaosError as error:
                if ending == "apply":
                    self._command("plan", kills)
                elif _TAKEN.search(str(error)):
                    self._command("recover", kills)
                else:
                    raise
            else:
                return True
        raise ChaosError(f"{ending} does not end")

    def _end(self, kills: list[Kill]) -> None:
        """Raises ChaosError where something is to do, locked, orphaned or lost."""
        if self._deployed:
            self._platform.database.wait()
            left = self._platform.plans()
            if "iam_database_authentication_enabled" in left.get(f"{NAME}-data", ""):  # as docs/recovery.md says
                self._command("deploy", kills)
                left = self._platform.plans()
            if left:
                raise ChaosError(f"to do in {', '.join(left)}\n{left}")
        else:
            standing = [stack.name for stack, state in self._states() if state["resources"]]
            if standing:
                raise ChaosError(f"destroyed, but resources are in {', '.join(standing)}")
        now = self._kept()
        faults = [f"{one} is locked" for one in self._locked()]
        faults += [f"orphaned: {one}" for one in self._orphans() if self._deployed or one not in now.values()]
        faults += [f"lost: {name}, now {now.get(name)}" for name, was in self._facts.items() if was != now.get(name)]
        faults += [
            f"left: {one.name}" for one in self._platform.root.glob("cdktf.out/stacks/*/*") if _LEFT.search(one.name)
        ]
        if faults:
            raise ChaosError("; ".join(faults))

    # -- commands

    def _make(self, verb: str, *options: str) -> float:
        """Run a command to its end; returns how long it took. Raises ChaosError where it fails or does not end."""
        started = time.monotonic()
        process, said = self._start(verb, *options)
        try:
            code = process.wait(min(_PATIENCE_SECONDS, self._deadline - started))
        except subprocess.TimeoutExpired:
            _kill(process)
            raise ChaosError(f"make {verb} did not end in time\n{said()}") from None
        if code:
            raise ChaosError(f"make {verb} ended with exit code {code}\n{said()}")
        return time.monotonic() - started

    def _command(self, verb: str, kills: list[Kill]) -> float:
        for kill in kills:
            kill.ended.append(verb)
        return self._make(verb, *OPTIONS.get(verb, ()))

    def _kill(self, verb: str, kills: list[Kill]) -> bool:
        """Start a command and kill it at its moment; True where it was at its end by then."""
        usual, part = self._usual[verb], self._random.uniform(0.05, 0.95)
        started = time.monotonic()
        process, said = self._start(verb, *OPTIONS[verb])
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(usual * part)
            for kill in kills:
                kill.ended.append(verb)
            self._usual[verb] = max(time.monotonic() - started, usual * 0.7)
            self._say(f"{verb} was at its end before its moment, {part:.0%} of {usual:.0f} s")
            if code and verb != "apply" and not _TAKEN.search(said()):
                raise ChaosError(f"make {verb} ended with exit code {code}\n{said()}")
            return not code
        _kill(process)
        for kill in kills:
            kill.ended.append(f"{verb} (killed)")
        kill = Kill(len(self.kills) + 1, verb, f"{time.monotonic() - started:.0f} s of {usual:.0f}")
        self.kills.append(kill)
        kills.append(kill)
        locked, orphaned = self._locked(), self._orphans()
        kill.found = f"states locked: {len(locked)}; resources in no state: {len(orphaned)}"
        self._say(f"{kill.number} {verb} {kill.moment}: {locked}, {orphaned}")
        return False

    def _start(self, verb: str, *options: str) -> tuple[subprocess.Popen[str], Any]:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"\n==== make {verb} {' '.join(options)}\n")
            log.flush()
            begin = log.tell()
            process = subprocess.Popen(
                self._platform.command(verb, *options), cwd=self._platform.root, env=self._platform.environ,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip

        def said() -> str:
            with self._log.open(encoding="utf-8", errors="replace") as written:
                written.seek(begin)
                return written.read()

        return process, said

    def _say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)

    # -- what there is

    def _states(self) -> Any:
        return states.states(self._stacks[1:], self._platform.client("s3"))

    def _locked(self) -> list[str]:
        return [one.name for one in self._stacks if states.lock(one, self._platform.client("s3"))]

    def _orphans(self) -> list[str]:
        aws = {name: self._platform.client(name) for name in ("resourcegroupstaggingapi", "s3", "kms")}
        found = orphans.find(NAME, self._stacks, client=lambda service, _: aws[service], s3=aws["s3"])

        def ends(arn: str) -> bool:
            return ":key/" in arn and aws["kms"].describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion"

        return [arn for arn in sorted(found) if not _MEANT.search(arn) and not ends(arn)]

    def _kept(self) -> dict[str, str]:
        """What holds data, or without what it cannot be read: names and what they are."""
        found = {}
        for alias in ("alias/walk-data-prod", "alias/walk-secrets-prod"):
            key = ask(self._platform.client("kms").describe_key, KeyId=alias).get("KeyMetadata", {})
            found[alias] = key["Arn"] if key.get("KeyState") == "Enabled" else str(key)
        name = "walk/prod/database"
        secret = ask(self._platform.client("secretsmanager").describe_secret, SecretId=name)
        found[name] = secret.get("ARN", "gone")
        server = self._platform.database.server
        counted = server.execute("SELECT count(*) FROM orders", dbname="shop") if self._deployed and server else None
        found["rows"] = str(counted or ([(_ROWS,)] if self._snapshot() else "gone"))
        return found

    def _snapshot(self) -> str | None:
        found = self._platform.client("rds").describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
        names = [one["DBClusterSnapshotIdentifier"] for one in sorted(found, key=lambda one: one["SnapshotCreateTime"])]
        return names[-1] if names else None

    def _write_rows(self) -> None:
        self._platform.database.wait()
        assert self._platform.database.server is not None
        rows = f"CREATE TABLE orders AS SELECT generate_series(1, {_ROWS}) AS id"
        self._platform.database.server.execute(rows, dbname="shop")

    # -- what a person writes into the environment's file

    def _restore_from(self) -> None:
        """Where the cluster is gone, the next one begins with the last snapshot."""
        rds, cluster = self._platform.client("rds"), self._platform.environment.names.name("aurora")
        if not ask(rds.describe_db_clusters, DBClusterIdentifier=cluster).get("DBClusters") and (
            last := self._snapshot()
        ):
            self._platform.set("database", "restore_from", last)

    def _change(self) -> None:
        """Another flow log, and log groups that keep their lines longer; or back."""
        file = self._platform.root / "environments" / f"{NAME}.toml"
        document: Any = tomlkit.parse(file.read_text())
        self._changed = not self._changed
        document["logs"] = {"retention_days": 14 if self._changed else 7}
        document["network"]["flow_log_traffic"] = "REJECT" if self._changed else "ALL"
        file.write_text(tomlkit.dumps(document))


def _kill(process: subprocess.Popen[str]) -> None:
    """Stop all of its family before the first of it ends, so that none begins another."""
    family = [psutil.Process(process.pid)]
    for signal in (psutil.Process.suspend, psutil.Process.suspend, psutil.Process.kill):
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [family[0], *family[0].children(recursive=True)]
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                signal(one)
    process.wait()
    psutil.wait_procs(family, timeout=10)
