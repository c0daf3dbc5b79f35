"""`news-pipeline config`."""

import json

from cyclopts import App

from pipeline.settings import load_settings

__all__ = ["app"]

app = App(name="config", help="Show or check the settings.", result_action="return_value")


@app.command
def show() -> None:
    """Print the effective settings as JSON; secrets are printed as asterisks."""
    print(json.dumps(load_settings().redacted(), indent=2))


@app.command
def check() -> None:
    """Check the settings; exit 78 and print one line for each error when they are not valid."""
    load_settings()
    print("the settings are valid")
