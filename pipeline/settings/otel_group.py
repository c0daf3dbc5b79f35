"""The settings of OpenTelemetry."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from pipeline.settings.groups import Group

__all__ = ["OtelSettings"]


class OtelSettings(Group):
    """Spans and metrics by OTLP over HTTP; needs the extra `otel`. Nothing is made or sent without an endpoint."""

    endpoint: str | None = Field(
        default=None,
        description="Base address of the receiver, such as http://collector:4318; `/v1/traces` and `/v1/metrics` are "
        "appended. Unset: no OpenTelemetry.",
    )
    headers: SecretStr | None = Field(
        default=None, description="Headers of requests to the receiver: `name=value`, comma-separated; may be a secret."
    )
    traces: bool = Field(default=True, description="Whether spans are sent.")
    metrics: bool = Field(default=True, description="Whether the metrics of /metrics are sent.")
    metrics_interval_secs: float = Field(default=60.0, ge=1, description="Time between two reports of the metrics.")
    unit_share: float = Field(
        default=1.0, ge=0, le=1, description="Share of the units of work that get a trace of their own."
    )
    unit_articles: int = Field(
        default=16,
        ge=0,
        le=1000,
        description="Number of articles of a unit that get a span in the trace that their raw record named "
        "(`traceparent`, sampled), and number of such traces that the unit's span links to.",
    )

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://unset")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is not an address with http:// or https://")
        if parts.username or parts.password:
            raise ValueError("contains a user name; use headers")
        return value

    @model_validator(mode="after")
    def _headers_are_pairs(self) -> Self:
        if any(not name for name in self.named_headers):
            raise ValueError("headers are not name=value, comma-separated")
        return self

    @property
    def named_headers(self) -> dict[str, str]:
        """The headers by name."""
        text = self.headers.get_secret_value() if self.headers is not None else ""
        pairs = (item.partition("=") for item in text.split(",") if item)
        return {name.strip() if equals else "": value.strip() for name, equals, value in pairs}
