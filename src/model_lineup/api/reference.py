"""The API reference as one plain page, made from the OpenAPI document: no script, no style sheet from elsewhere."""

from html import escape
from typing import Any

from model_lineup.errors import error_classes

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Lineup: API reference</title></head>
<body><main>
<h1>Lineup: API reference</h1>
<p>Version {version}. The same as <a href="openapi.json">OpenAPI</a>. Send <code>Authorization: Bearer</code> with an
access token (<code>POST /api/auth/login</code>) or an admin key.</p>
<nav aria-label="Sections"><ul>{contents}</ul></nav>
{sections}
<section aria-labelledby="errors"><h2 id="errors">Errors</h2>
<p>Every error is <code>application/problem+json</code> with type, title, status, code, detail and request_id.</p>
<table><thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead>
<tbody>{errors}</tbody></table></section>
</main></body></html>
"""


def page(document: dict[str, Any]) -> str:
    """The whole page as HTML."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation.get("tags", ["Other"])[0], []).append(
                _operation(path, method, operation, document)
            )
    return _PAGE.format(
        version=escape(document["info"]["version"]),
        contents="".join(f'<li><a href="#{_anchor(tag)}">{escape(tag)}</a></li>' for tag in by_tag),
        sections="".join(_section(tag, operations) for tag, operations in by_tag.items()),
        errors="".join(_error(error) for error in error_classes()),
    )


def _section(tag: str, operations: list[str]) -> str:
    title = f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>'
    return f'<section aria-labelledby="{_anchor(tag)}">{title}{"".join(operations)}</section>'


def _operation(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    title = f"<h3><code>{method.upper()} {escape(path)}</code></h3>"
    text = f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p>"
    rows = [_parameter(parameter) for parameter in operation.get("parameters", [])]
    rows += _body_rows(operation, document)
    answers = ", ".join(f"<code>{status}</code>" for status in operation["responses"])
    return f"<article>{title}{text}{_table(rows)}<p>Answers: {answers}</p></article>"


def _parameter(parameter: dict[str, Any]) -> tuple[str, str, str]:
    where = f"{parameter['in']}, required" if parameter.get("required") else parameter["in"]
    words = parameter.get("description") or parameter["schema"].get("description", "")
    return parameter["name"], where, f"{_kind(parameter['schema'])} {words}"


def _body_rows(operation: dict[str, Any], document: dict[str, Any]) -> list[tuple[str, str, str]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolved(content.get("schema", {}), document)
    required = schema.get("required", [])
    return [
        (name, "body, required" if name in required else "body", f"{_kind(field)} {field.get('description', '')}")
        for name, field in schema.get("properties", {}).items()
    ]


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The object behind a reference, or behind `reference or null`."""
    for option in schema.get("anyOf", []):
        if "$ref" in option:
            schema = option
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    return str(schema.get("type") or schema.get("$ref", "any").rpartition("/")[2])


def _table(rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    head = "<thead><tr><th scope='col'>Name</th><th scope='col'>Where</th><th scope='col'>What</th></tr></thead>"
    cells = "".join(
        f"<tr><th scope='row'><code>{escape(name)}</code></th><td>{escape(where)}</td><td>{escape(what)}</td></tr>"
        for name, where, what in rows
    )
    return f"<table>{head}<tbody>{cells}</tbody></table>"


def _error(error: Any) -> str:
    code, title = escape(error.code), escape(error.title)
    return f'<tr id="error-{code}"><th scope="row"><code>{code}</code></th><td>{error.status}</td><td>{title}</td></tr>'


def _anchor(tag: str) -> str:
    return tag.lower().replace(" ", "-")
