"""The description of the API is valid, complete, and says of each operation whose it is and what it needs."""

import re

from openapi_spec_validator import validate


def test_the_document_is_valid_openapi_and_every_operation_is_marked(app, session, redis):
    document = app.test_client().get("/api/v1/openapi.json").json
    validate(document)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["x-access"] in ("read", "write"), (path, method)
            assert operation["x-module"], (path, method)
            assert operation["summary"], (path, method)


def test_every_route_of_the_api_is_described(app, session, redis):
    described = app.test_client().get("/api/v1/openapi.json").json["paths"]
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and not rule.endpoint.startswith("openapi."):
            path = re.sub(r"<(?:[a-z]+:)?(\w+)>", r"{\1}", rule.rule)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert method.lower() in described[path], (method, path)


def test_operation_ids_are_unique(app, session, redis):
    document = app.test_client().get("/api/v1/openapi.json").json
    ids = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids))
