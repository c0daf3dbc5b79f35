"""`news-pipeline eval`."""

from cyclopts import App

__all__ = ["app"]

app = App(name="eval", help="Measure quality on labelled data.", result_action="return_value")
# Import paths as text, so that a command does not import the modules of the others.
app.command("pipeline_research.commands.deduplication:dedupe", name="dedupe")
app.command("pipeline_research.commands.extraction:extract", name="extract")
app.command("pipeline_research.commands.facts:facts", name="facts")
app.command("pipeline_research.commands.model_quality:language", name="language")
app.command("pipeline_research.commands.subjects:subjects", name="subjects")
app.command("pipeline_research.commands.stories:stories", name="stories")
