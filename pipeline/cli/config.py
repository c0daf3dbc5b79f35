"""`news-pipeline config`."""

import json

from cyclopts import App

from pipeline.settings import load_settings

__all__ = ["app"]

app = App(name="config", help="Show or check the settings.", result_action="return_value")


@app.command
def show() -> None:
    """Print the settings in effect as JSON; secrets are starred."""
    print(json.dumps(load_settings().redacted(), indent=2))


@app.command
def check() -> None:
    """Say whether the settings fit together; exit 78 and a line for each complaint when they do not."""
    load_settings()
    print("the settings are fine")
