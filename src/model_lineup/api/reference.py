"""The API reference as one plain page, made from the OpenAPI document: no script, no style sheet from elsewhere."""

import re
from collections.abc import Iterator
from html import escape
from typing import Any

from model_lineup.api.page import page
from model_lineup.errors import error_classes

Document = dict[str, Any]
_CONTENT = """<p>Version {version}, also <a href="openapi.json">as OpenAPI</a>. Send <code>Authorization: Bearer</code>
with an access token (<code>POST /api/auth/login</code>) or an admin key.</p>
<nav aria-label="Sections"><ul>{contents}<li><a href="#errors">Errors</a></li>{more}</ul></nav>
{sections}
<section aria-labelledby="errors"><h2 id="errors">Errors</h2>
<p>Every error is <code>application/problem+json</code> with <code>type</code>, <code>title</code>,
<code>status</code>, <code>code</code>, <code>detail</code> and <code>request_id</code>.</p>
<div class="table"><table>
<thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead>
<tbody>{errors}</tbody></table></div></section>
{user_surface}"""
_USER_SURFACE = """<section aria-labelledby="user-surface"><h2 id="user-surface">The user surface, /v1</h2>
<p>{about} Also <a href="../v1/openapi.json">as OpenAPI</a>.</p>{operations}</section>"""
_CODE = re.compile(r"`([^`]+)`")


def reference(document: Document, user_surface: Document | None = None) -> str:
    """The whole page as HTML; `user_surface` is the document of `/v1`."""
    by_tag: dict[str, list[str]] = {}
    for tag, operation in _operations(document):
        by_tag.setdefault(tag, []).append(operation)
    content = _CONTENT.format(
        version=escape(document["info"]["version"]),
        contents="".join(f'<li><a href="#{_anchor(tag)}">{escape(tag)}</a></li>' for tag in by_tag),
        more='<li><a href="#user-surface">The user surface</a></li>' if user_surface else "",
        sections="".join(_section(tag, operations) for tag, operations in by_tag.items()),
        errors="".join(_error(error) for error in error_classes()),
        user_surface=_user_surface(user_surface) if user_surface else "",
    )
    return page("Lineup: API reference", content, style="page.css")


def _operations(document: Document) -> Iterator[tuple[str, str]]:
    """The heading under which each operation stands, and its part of the page."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield operation.get("tags", ["Other"])[0], _operation(path, method, operation, document)


def _user_surface(document: Document) -> str:
    operations = "".join(operation for _, operation in _operations(document))
    return _USER_SURFACE.format(about=_words(document["info"]["description"]), operations=operations)


def _section(tag: str, operations: list[str]) -> str:
    title = f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>'
    return f'<section aria-labelledby="{_anchor(tag)}">{title}{"".join(operations)}</section>'


def _operation(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    title = f"<h3><code>{method.upper()} {escape(path)}</code></h3>"
    text = f"<p>{_words(operation.get('description') or operation.get('summary', ''))}</p>"
    rows = [_parameter(parameter) for parameter in operation.get("parameters", [])]
    rows += _body_rows(operation, document)
    answers = ", ".join(f"<code>{status}</code>" for status in operation["responses"])
    return f'<article>{title}{text}{_table(rows)}<p class="dim">Answers: {answers}</p></article>'


def _parameter(parameter: dict[str, Any]) -> tuple[str, str, str]:
    where = f"{parameter['in']}, required" if parameter.get("required") else parameter["in"]
    words = parameter.get("description") or parameter["schema"].get("description", "")
    return parameter["name"], where, _what(parameter["schema"], words)


def _body_rows(operation: dict[str, Any], document: dict[str, Any]) -> list[tuple[str, str, str]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolved(content.get("schema", {}), document)
    required = schema.get("required", [])
    return [
        (name, "body, required" if name in required else "body", _what(field, field.get("description", "")))
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


def _what(schema: dict[str, Any], words: str) -> str:
    """What it takes, then what it means."""
    return " · ".join(filter(None, [_kind(schema), words]))


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
        f"<tr><th scope='row'><code>{escape(name)}</code></th><td>{escape(where)}</td><td>{_words(what)}</td></tr>"
        for name, where, what in rows
    )
    return f'<div class="table"><table>{head}<tbody>{cells}</tbody></table></div>'


def _error(error: Any) -> str:
    code, title = escape(error.code), escape(error.title)
    return f'<tr id="error-{code}"><th scope="row"><code>{code}</code></th><td>{error.status}</td><td>{title}</td></tr>'


def _words(text: str) -> str:
    """Escaped, with `code` as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _anchor(tag: str) -> str:
    return tag.lower().replace(" ", "-")
