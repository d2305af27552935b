"""Pure: a request of the API → the same in languages that people copy it to. Keys are named, never shown."""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

_VARIABLES = {
    "x-trackstar-api-key": "CROSSDOCK_API_KEY",
    "x-trackstar-access-token": "CROSSDOCK_ACCESS_TOKEN",
    "Authorization": "CROSSDOCK_OPERATOR_TOKEN",
    "authorization": "CROSSDOCK_API_KEY",
}
"""The variable that holds the value of a header."""
JSON_TYPE, _FORM = "application/json", "multipart/form-data"
_PART = re.compile(r"\{(\w+)\}")


class Snippet(msgspec.Struct, kw_only=True):
    """A request in one language."""

    language: str
    text: str


class ExampleBody(Protocol):
    """A body that is sent."""

    media_type: str
    example: str


def snippets(
    base: str, method: str, path: str, headers: Sequence[str], bodies: Sequence[ExampleBody]
) -> list[Snippet]:
    """The request as curl, Python and TypeScript. path: with `{name}` for what is to be filled in."""
    url = f"{base.rstrip('/')}{_PART.sub(lambda part: part[1].upper(), path)}"
    body = next((body for body in bodies if body.media_type in (JSON_TYPE, _FORM)), None) or next(
        iter(bodies), None
    )
    sent = CodeRequest(method, url, tuple(headers))
    if body is not None:
        sent = CodeRequest(method, url, tuple(headers), body.media_type, body.example)
    return [
        Snippet(language="curl", text=as_curl(sent)),
        Snippet(language="Python", text=as_python(sent)),
        Snippet(language="TypeScript", text=as_typescript(sent)),
    ]


@dataclass(frozen=True)
class CodeRequest:
    """A request. headers: those with a key or token; media_type: of its body; "": it has none.

    more_headers: others, with their values, for curl alone.
    """

    method: str
    url: str
    headers: tuple[str, ...]
    media_type: str = ""
    body: str = ""
    more_headers: tuple[tuple[str, str], ...] = ()

    @property
    def is_file(self) -> bool:
        """Check whether the body is a file as it is."""
        return self.media_type not in ("", JSON_TYPE, _FORM)

    @property
    def texts(self) -> dict[str, str]:
        """The fields of a form besides its file."""
        fields = json.loads(self.body) if self.media_type == _FORM else {}
        return {name: str(value) for name, value in fields.items() if name != "file"}


def _value(header: str, variable: str) -> str:
    return f"Bearer {variable}" if header.lower() == "authorization" else variable


def as_curl(sent: CodeRequest) -> str:
    """The command, a line for each header."""
    method = "" if sent.method == "GET" else f"-X {sent.method} "
    # Brackets and braces in an address are ranges and sets to curl unless it is told otherwise.
    plain = "-g " if set("[]{}") & set(sent.url) else ""
    lines = [f"curl {plain}{method}{shlex.quote(sent.url)}"]
    lines += [f'-H "{header}: {_value(header, f"${_VARIABLES[header]}")}"' for header in sent.headers]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in sent.more_headers]
    if sent.media_type == JSON_TYPE:
        lines += [f"-H 'content-type: {JSON_TYPE}'", f"-d {shlex.quote(sent.body)}"]
    elif sent.media_type == _FORM:
        lines += [f"-F {shlex.quote(f'{name}={value}')}" for name, value in sent.texts.items()]
        lines.append("-F file=@FILE")
    elif sent.is_file:
        lines += [f"-H 'content-type: {sent.media_type}'", "--data-binary @FILE"]
    return " \\\n  ".join(lines)


def as_python(sent: CodeRequest) -> str:
    """The script, with httpx."""
    fields = "".join(f'        "{header}": {_python_value(header)},\n' for header in sent.headers)
    if sent.is_file:
        fields += f'        "content-type": "{sent.media_type}",\n'
    lines = [f"    {json.dumps(sent.method)},", f"    {json.dumps(sent.url)},"]
    if fields:
        lines.append(f"    headers={{\n{fields}    }},")
    if sent.media_type == JSON_TYPE:
        lines.append(f"    json={_indented(_python_literal(sent.body), 4)},")
    elif sent.media_type == _FORM:
        lines += [f"    data={json.dumps(sent.texts)},"] if sent.texts else []
        lines.append('    files={"file": open("FILE", "rb")},')
    elif sent.is_file:
        lines.append('    content=open("FILE", "rb").read(),')
    imports = "import os\n\nimport httpx" if sent.headers else "import httpx"
    joined = "\n".join(lines)
    return f"{imports}\n\nanswer = httpx.request(\n{joined}\n)\nanswer.raise_for_status()\nprint(answer.text)"


def _python_value(header: str) -> str:
    variable = f'os.environ["{_VARIABLES[header]}"]'
    return f'"Bearer " + {variable}' if header == "Authorization" else variable


def _python_literal(body: str) -> str:
    """JSON as Python writes it: its three words differ. Words inside texts stay."""
    words = {"true": "True", "false": "False", "null": "None"}
    return re.sub(
        r'"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b',
        lambda part: words.get(part[0], part[0]),
        body,
    )


def as_typescript(sent: CodeRequest) -> str:
    """The script, with fetch."""
    fields = "".join(f'    "{header}": {_typescript_value(header)},\n' for header in sent.headers)
    if sent.media_type not in ("", _FORM):
        fields += f'    "content-type": "{sent.media_type}",\n'
    options = "" if sent.method == "GET" else f"  method: {json.dumps(sent.method)},\n"
    options += f"  headers: {{\n{fields}  }},\n" if fields else ""
    before, body = _typescript_body(sent)
    options += f"  body: {body},\n" if body else ""
    called = f", {{\n{options}}}" if options else ""
    return (
        f"{before}const answer = await fetch({json.dumps(sent.url)}{called});\n"
        "if (!answer.ok) throw new Error(await answer.text());\nconsole.log(await answer.text());"
    )


def _typescript_body(sent: CodeRequest) -> tuple[str, str]:
    """The lines that make a body, and what is then sent."""
    if not sent.media_type:
        return "", ""
    if sent.media_type == JSON_TYPE:
        return "", f"JSON.stringify({_indented(sent.body, 2)})"
    lines = ['import { openAsBlob } from "node:fs";\n', 'const file = await openAsBlob("FILE");']
    if sent.is_file:
        return "\n".join([*lines, ""]), "file"
    lines += ["const form = new FormData();", 'form.set("file", file, "FILE");']
    lines += [f"form.set({json.dumps(name)}, {json.dumps(value)});" for name, value in sent.texts.items()]
    return "\n".join([*lines, ""]), "form"


def _typescript_value(header: str) -> str:
    variable = f"process.env.{_VARIABLES[header]}"
    return f"`Bearer ${{{variable}}}`" if header == "Authorization" else f"{variable}!"


def _indented(text: str, spaces: int) -> str:
    """A text whose lines after the first are moved in."""
    return text.replace("\n", "\n" + " " * spaces)
