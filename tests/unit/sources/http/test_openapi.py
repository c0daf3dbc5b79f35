"""The description is valid OpenAPI 3.1, and says what the service does."""

from typing import Any

import jsonschema_rs
import orjson
from openapi_spec_validator import OpenAPIV31SpecValidator

from pipeline.sources.http.openapi import openapi_document
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import STATUSES, TITLES, FieldError, ProblemError

DOCUMENT = openapi_document("1.2.3", HttpSourceParams())


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_problem_has_a_title_and_an_answer_in_the_document() -> None:
    assert set(STATUSES) == set(TITLES)
    for status in STATUSES.values():
        for path in DOCUMENT["paths"].values():
            for operation in path.values():
                assert str(status) in operation["responses"]


def _schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}


def test_problems_fit_their_schema() -> None:
    problem = ProblemError("invalid_article", "bad", reason="invalid_url", errors=(FieldError("url", "bad"),))
    validator = jsonschema_rs.Draft202012Validator(_schema("Problem"))
    validator.validate(orjson.loads(problem.body()))
