"""`news-pipeline source`."""

from cyclopts import App

__all__ = ["app"]

app = App(
    name="source",
    help="Get articles from where they are published, and write them to the raw topic.",
    result_action="return_value",
)
# Import paths as text, so that one source does not import the libraries of another.
app.command("pipeline.cli.source_warc:warc", name="warc", help="Send the pages of WARC archives.")
app.command("pipeline.cli.source_http:http", name="http", help="Take articles over HTTP.")
app.command("pipeline.cli.source_http:http_key", name="http-key", help="Make an API key for `source http`.")
app.command("pipeline.cli.source_files:files", name="files", help="Send files that arrive in a directory.")
app.command("pipeline.cli.source_kafka:kafka", name="kafka", help="Copy another topic, exactly once.")
app.command("pipeline.cli.source_feeds:feeds", name="feeds", help="Poll feeds and sitemaps.")
app.command("pipeline.cli.source_status:status", name="status", help="Print how each feed is.")
