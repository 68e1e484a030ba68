"""compose.yaml asks for what there is. Docker itself is not tried."""

import re
from pathlib import Path

from app.cli import main
from app.queue.postgres import _GOODBYE_S
from app.runtime import GRACE_S
from app.settings import Settings

FILE = (Path(__file__).resolve().parents[1] / "compose.yaml").read_text()
COMMENTS = [line for line in FILE.splitlines() if line.startswith("#")]


def test_the_key_is_made_without_the_file_that_demands_it() -> None:
    [line] = [line for line in COMMENTS if "create-secret-key" in line]

    assert "${LEADWIRE_SECRET_KEY:?" in FILE
    assert "docker compose" not in line


def test_every_command_and_every_setting_is_one_of_ours() -> None:
    commands = {
        str(one.name or one.callback.__name__).replace("_", "-")
        for one in main.registered_commands
        if one.callback
    }
    called = set(re.findall(r'command: \["([a-z-]+)"', FILE))
    called |= {match for line in COMMENTS for match in re.findall(r"(?:web|\)) ([a-z]+-[a-z-]+)", line)}

    assert {"serve", "worker", "create-secret-key", "create-project", "create-key"} == called <= commands
    assert {name.lower() for name in re.findall(r"LEADWIRE_(\w+):", FILE)} <= set(Settings.model_fields)


def test_two_answer_and_two_send_at_ports_that_are_enough() -> None:
    assert re.findall(r"replicas: (\d)", FILE) == ["2", "2"]
    assert re.findall(r'"127\.0\.0\.1:(\d+)-(\d+):8000"', FILE) == [("8000", "8001")]


def test_nobody_is_killed_who_still_finishes_what_is_being_sent() -> None:
    [grace_s] = re.findall(r"stop_grace_period: (\d+)s", FILE)

    assert int(grace_s) >= GRACE_S + 5 * _GOODBYE_S
