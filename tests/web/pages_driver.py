"""Scenarios through the pages: what the API driver sends as JSON is here typed into forms and read off the page.

What no page can express goes through the API: machines and `system`, acts that are not offered, fields that
an action does not have, an address whose code differs from its text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from kiban.access import bodies
from kiban.kernel.definitions.compile import CompiledAction, CompiledProcedure
from kiban.kernel.definitions.model import Field
from kiban.kernel.scenarios.model import Actor
from kiban.kernel.scenarios.runner import StepResult
from kiban.web.forms.steps import steps_of
from tests.scenarios.api_driver import ApiDriver
from tests.web.conftest import Pages, form_of

_REFUSED = {403: "not_allowed", 404: "not_found"}


class PagesDriver(ApiDriver):
    """Acts through the pages; looks through the API. `typed` counts the acts that pages took."""

    typed = 0

    def act(self, actor: Actor, step: Mapping[str, Any], case: str | None) -> StepResult:
        user, _token = self._user(actor)
        action, known = str(step["do"]), self.cases.get(case or "")
        procedure, data = self._procedure(step), step.get("data") or {}
        if case is not None and known is not None and "procedure" not in step:
            procedure = self.compiled.procedures[self._case(case)["procedure"]]
        compiled = procedure.actions.get(action)
        hidden = (
            user.kind == "party" and not procedure.procedure.public
        )  # no page leads there: 404, not a refusal
        no_page = compiled is None or hidden or not compiled.action.offered
        if user.kind == "machine" or no_page or not typable(compiled, data):
            return super().act(actor, step, case)
        self.typed += 1
        body = self._place(actor) if known is None else known
        self._attach(data, user.partition or body, str(user.id))
        visitor = Visit(Pages(user), compiled, data, step.get("reasons") or {})
        if known is None or self._opens(procedure, action, step, case):
            body = self._place(actor)
            result = visitor.open(self._start(user.kind, body, procedure), procedure, action)
        else:
            assert case is not None
            before = len(self._case(case)["notices"])
            result = visitor.act(self._case_url(user.kind, body, case), action, procedure)
            result.case = case
            if result.refused is None:
                return StepResult(None, result.problems, self._notices(case, before), case=case)
        if result.refused is None and result.case is not None:
            self.cases[result.case] = body
            return StepResult(None, result.problems, self._notices(result.case, 0), case=result.case)
        return result

    def _start(self, kind: str, body: str, procedure: CompiledProcedure) -> str:
        if kind == "party":
            return f"/apply/{body}/{self.slug}/{procedure.name}/"
        return f"/desk/{body}/{self.slug}/new/{procedure.name}/"

    def _case_url(self, kind: str, body: str, case: str) -> str:
        return f"/my/cases/{body}/{case}/" if kind == "party" else f"/desk/{body}/cases/{case}/"

    def _notices(self, case: str, before: int) -> list[dict[str, str]]:
        return [{"to": n["to"], "kind": n["name"]} for n in self._case(case)["notices"][before:]]


def typable(action: CompiledAction, data: Mapping[str, Any]) -> bool:
    """Whether a person could have typed this into the pages."""
    return all(
        name in action.fields and _typable(action.fields[name].field, value) for name, value in data.items()
    )


def _typable(field: Field, value: Any) -> bool:
    if field.type == "group":
        rows = value if isinstance(value, list) else []
        return isinstance(value, list) and all(
            isinstance(row, Mapping)
            and all(n in field.fields and _typable(field.fields[n], v) for n, v in row.items())
            for row in rows
        )
    if field.type == "address" and isinstance(value, Mapping):
        return value.get("lg_code") in (None, bodies.locate(str(value.get("text"))))
    if field.type in ("choice", "yes_no"):
        return not isinstance(value, list | Mapping)
    if isinstance(value, Mapping):
        return field.type == "file" or "mark" not in value
    return True


class Visit:
    """One person typing one act's data into forms."""

    def __init__(
        self, pages: Pages, action: CompiledAction, data: Mapping[str, Any], reasons: Mapping[str, str]
    ) -> None:
        self.pages, self.action, self.data, self.reasons = pages, action, data, reasons

    def open(self, url: str, procedure: CompiledProcedure, action: str) -> StepResult:
        """Opens a case, step after step, and sends it."""
        answer = self._get(url)
        if answer.status_code in _REFUSED:
            return StepResult(_REFUSED[answer.status_code])
        if "/procedures/" in self.pages.url:
            return StepResult("not_participating")
        self._post(url, {})
        return self._wizard(procedure, action)

    def act(self, url: str, action: str, procedure: CompiledProcedure) -> StepResult:
        """An act on a case: on one page, or in the wizard."""
        answer = self._get(f"{url}act/{action}/")
        if answer.status_code in _REFUSED:
            return StepResult(_REFUSED[answer.status_code])
        if self.pages.url.startswith("/drafts/"):
            return self._wizard(procedure, action)
        page = answer.content.decode()
        page = self._type(page, tuple(self.action.fields), "save")
        return self._send(page)

    def _wizard(self, procedure: CompiledProcedure, action: str) -> StepResult:
        url = re.sub(r"[^/]+/$", "", self.pages.url)
        for step in steps_of(procedure, action):
            self._type(self._get(f"{url}{step.key}/").content.decode(), step.fields, "save")
        return self._send(self._get(f"{url}review/").content.decode())

    def _type(self, page: str, names: tuple[str, ...], do: str) -> str:
        """Types what the data says into the fields that the page shows; rows and answers bring further fields."""
        for name in names:
            for _more in range(len(self.data[name]) if self._rows(name) else 0):
                if f'value="add:{name}"' in page:
                    page = self._post(self.pages.url, {**form_of(page), "do": f"add:{name}"})
        for _turn in range(3):  # a field may show another one
            form = form_of(page)
            typed = self._typed(names)
            page = self._post(self.pages.url, {**form, **typed, "do": do})
        return page

    def _rows(self, name: str) -> bool:
        return name in self.data and self.action.fields[name].field.type == "group"

    def _typed(self, names: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in names:
            field = self.action.fields[name].field
            if name not in self.data:
                if field.default is not None or field.type == "group":
                    continue
                continue
            value = self.data[name]
            if field.type == "group":
                for number, row in enumerate(value, start=1):
                    for part, inner in row.items():
                        found[f"f.{name}.{number}.{part}"] = typed(field.fields[part], inner)
            elif field.type == "grid":
                for row, cells in value.items():
                    for part, inner in cells.items():
                        found[f"f.{name}.{row}.{part}"] = typed(field.fields[part], inner)
            elif field.type == "geo_point":
                found.update(_point(name, value))
            else:
                found[f"f.{name}"] = typed(field, value)
        return found

    def _send(self, page: str) -> StepResult:
        infos = problems_of(page, "info")
        data = {**form_of(page), "do": "send"}
        for key in re.findall(r'name="(reason\.[^"]+)"', page):
            code = html.unescape(key).removeprefix("reason.")
            reason = self.reasons.get(code) or self.reasons.get(code.partition("@")[0])
            if reason:
                data[html.unescape(key)] = str(reason)
        page = self._post(self.pages.url, data)
        if 'id="summary"' in page:
            refusal = re.search(r'data-refusal="([^"]+)"', page)
            told = [*problems_of(page, "summary"), *problems_of(page, "info")]
            return StepResult(refusal[1] if refusal else "invalid", told)
        if self.pages.answer.status_code in _REFUSED:
            return StepResult(_REFUSED[self.pages.answer.status_code])
        found = re.search(r"/([0-9a-f]{8}-[0-9a-f-]{27})/", self.pages.url)
        return StepResult(None, infos, case=found[1] if found else None)

    def _get(self, url: str) -> Any:
        self.pages.answer = self.pages.client.get(url, follow=True)
        assert self.pages.answer.status_code < 500
        return self.pages.answer

    def _post(self, url: str, data: dict[str, Any]) -> str:
        self.pages.answer = self.pages.client.post(url, data, follow=True)
        assert self.pages.answer.status_code < 500
        return str(self.pages.answer.content.decode())


def _point(name: str, value: Any) -> dict[str, str]:
    """A position in its two inputs; one that a device measured carries how precise it was."""
    if not isinstance(value, Mapping):
        lat, lon = re.split(r", *| ", str(value), maxsplit=1)
        return {f"f.{name}.lat": lat, f"f.{name}.lon": lon}
    found = {f"f.{name}.lat": str(value["lat"]), f"f.{name}.lon": str(value["lon"])}
    if "precision" in value:
        measured = f"{value['lat']},{value['lon']}"
        found |= {f"f.{name}.measured": measured, f"f.{name}.precision": str(value["precision"])}
    return found


def typed(field: Field, value: Any) -> Any:
    """A value of a scenario file as a person would put it in."""
    if isinstance(value, Mapping):
        return str(value.get("sha256") or value.get("text") or value.get("value") or "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [str(one) for one in value] if field.codes or field.options else "\n".join(map(str, value))
    return "" if value is None else str(value)


def problems_of(page: str, where: str) -> list[dict[str, Any]]:
    """The problems that a page tells: in its summary, or as notes beside fields and above the confirmation."""
    found = []
    for tag in re.finditer(r'<(li|p)\b([^>]*)data-code="([^"]*)" data-path="([^"]*)"', page):
        in_summary, is_note = tag[1] == "li", tag[1] == "p" and "problem-warning" not in tag[2]
        blocked = "problem-info" not in tag[2] and 'class="problem' in tag[2]
        if (where == "summary" and in_summary) or (where == "info" and is_note and not blocked):
            found.append({"field": html.unescape(tag[4]), "code": tag[3]})
    return found
