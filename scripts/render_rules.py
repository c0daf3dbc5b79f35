"""Write the Prometheus rules for another job name, another place of the runbooks, or with shorter times.

    python -m scripts.render_rules --output rules --job my-news --runbooks https://wiki.example.com/runbooks

`--scale` multiplies every time in the rules: how long an alert must last, ranges of `rate` and the like, and offsets.
Thresholds stay. With 0.0167, five minutes are five seconds: that is how the alerts are tried out on a running pipeline,
with the shipped expressions. Prometheus must then scrape and evaluate every second.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
RULES = REPOSITORY / "deploy" / "prometheus" / "rules"
JOB = "news-pipeline"
RUNBOOKS = "https://github.com/news-pipeline/news-pipeline/blob/main/deploy/runbooks"

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TIME = re.compile(r"(?P<before>\bfor: |\[|\boffset )(?P<number>\d+)(?P<unit>[smhdw])\b")


def rendered(text: str, *, job: str = JOB, runbooks: str = RUNBOOKS, scale: float = 1.0) -> str:
    """Return the text of a file of rules with other names and times; no time becomes shorter than a second."""

    def scaled(found: re.Match[str]) -> str:
        seconds = max(1, round(int(found["number"]) * _SECONDS[found["unit"]] * scale))
        return f"{found['before']}{seconds}s"

    text = text.replace(f'job="{JOB}"', f'job="{job}"').replace(f"{RUNBOOKS}/", f"{runbooks.rstrip('/')}/")
    return text if scale == 1.0 else _TIME.sub(scaled, text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all files of rules into a directory."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--job", default=JOB, help="name of the job that scrapes the workers")
    parser.add_argument("--runbooks", default=RUNBOOKS, help="address of the directory with the runbooks")
    parser.add_argument("--scale", type=float, default=1.0, help="factor for all times, to try the alerts out")
    chosen = parser.parse_args(arguments)
    chosen.output.mkdir(parents=True, exist_ok=True)
    for path in sorted(RULES.glob("*.yml")):
        text = rendered(path.read_text("utf-8"), job=chosen.job, runbooks=chosen.runbooks, scale=chosen.scale)
        (chosen.output / path.name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
