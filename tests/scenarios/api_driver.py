"""Scenarios through the public API: real users with roles and tokens, real PostgreSQL, the clock set for all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.test import Client
from tests.scenarios import seeding

from kiban.access import actors
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import clocks
from kiban.cases.models import Attachment
from kiban.definitions import editions
from kiban.delivery import outbox
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.scenarios.model import Actor, Scenario, ScenarioError, moment
from kiban.kernel.scenarios.runner import Driver, StepResult
from kiban.ops import clock

_PAGE = 100


class ApiDriver:
    """Runs the scenarios of one published service through /api/v1."""

    def __init__(self, service: str) -> None:
        self.slug = service
        self.body = ""
        self.bodies: list[str] = []
        self.now = moment("2026-04-01")
        self.cases: dict[str, str] = {}  # case → body
        self.brought: set[str] = set()  # cases that only brought a register along
        self._users: dict[str, tuple[User, str]] = {}
        self._client = Client()

    # -- given -------------------------------------------------------------------------------------------------

    def begin(self, scenario: Scenario, now: datetime) -> list[str]:
        given = scenario.given
        self._at(now)
        self.body = str(given.get("body") or "")
        self.edition = editions.current_id(self.slug, now.date())
        self.compiled = editions.get(self.edition)
        seeding.set_up_bodies(self.compiled, given, now)
        rows = [*(given.get("records") or []), *self._looked_up(given)]
        for body, records in seeding.record_changes(self.compiled, rows, self.body, now).items():
            self._know(body)
            first = next(iter(self.compiled.procedures.values()))
            final = next(name for name, state in first.procedure.states.items() if state.final)
            self.brought.add(
                seeding.append(first, self.compiled, self.edition, body, now, state=final, records=records)
            )
        return [self._given_case(row) for row in given.get("cases") or []]

    def _looked_up(self, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Rows that a lookup shall find stand in its registry."""
        for name, rows in (given.get("lookups") or {}).items():
            lookups = (p.procedure.lookups.get(name) for p in self.compiled.procedures.values())
            registry = next(lookup.registry for lookup in lookups if lookup is not None)
            for row in rows or []:
                data = {field: value for field, value in row.items() if field != "key"}
                yield {"registry": registry, "key": row["key"], "data": data}

    def _given_case(self, row: Mapping[str, Any]) -> str:
        procedure, body = self._procedure(row), str(row.get("body") or self.body)
        self._know(body)
        roles = self.compiled.service.roles.values()
        party = next((role.name for role in roles if role.kind == "party"), None)
        owner = self._user(Actor(party, "", ""))[0].partition if party else ""
        case = seeding.append(
            procedure, self.compiled, self.edition, body, self.now, state=str(row.get("state") or "draft"),
            values=seeding.given_values(procedure, row.get("data") or {}, self.now), party=owner,
        )  # fmt: skip
        self.cases[case] = body
        return case

    def _know(self, body: str) -> None:
        if body and body not in self.bodies:
            self.bodies.append(body)

    def _procedure(self, step: Mapping[str, Any]) -> CompiledProcedure:
        names = self.compiled.procedures
        name, action = step.get("procedure"), str(step.get("do"))
        if name is not None:
            if str(name) not in names:
                raise ScenarioError(f"there is no procedure `{name}`")
            return names[str(name)]
        able = [p for p in names.values() if action in p.actions and p.actions[action].action.opens]
        if len(names) > 1 and len(able) != 1:
            able = [p for p in able if p.procedure.public] or able
        return able[0] if able else next(iter(names.values()))

    # -- who ---------------------------------------------------------------------------------------------------

    def _user(self, actor: Actor) -> tuple[User, str]:
        """The user of an actor and its token; staff get the role in their body when they first act in it."""
        role = self.compiled.service.roles.get(actor.role)
        if role is None:
            raise ScenarioError(f"there is no role `{actor.role}`")
        place, _, department = actor.place.partition("/")
        if role.kind == "party":
            return self._known(actor.place or f"{actor.role}/{actor.person}", "party")
        body = place or self.body
        self._know(body)
        kind = "staff" if role.kind == "staff" else "machine"
        user, token = self._known(f"{actor.person or actor.role}@{body}", kind)
        actors.grant(user, body, self.slug, role.name, seeding.ALWAYS, department)
        return user, token

    def _known(self, name: str, kind: str) -> tuple[User, str]:
        if name not in self._users:
            user = User.objects.create_user(
                username=f"{name}#{uuid.uuid4().hex}", display_name=name, kind=kind,
                party=uuid.uuid4() if kind == "party" else None,
            )  # fmt: skip
            self._users[name] = user, actors.new_token(user)
        return self._users[name]

    def _place(self, actor: Actor) -> str:
        if self.compiled.service.roles[actor.role].kind == "party":
            return self.body
        return actor.place.partition("/")[0] or self.body

    def _inspector(self, body: str) -> str:
        """The token of one who holds every role of staff in a body: sees what the body sees."""
        user, token = self._known(f"inspector@{body}", "staff")
        for role in self.compiled.service.roles.values():
            if role.kind == "staff":
                actors.grant(user, body, self.slug, role.name, seeding.ALWAYS)
        return token

    # -- time --------------------------------------------------------------------------------------------------

    def _at(self, now: datetime) -> None:
        self.now = now
        clock.set_clock(now)

    def advance(self, to: datetime) -> list[dict[str, str]]:
        before = {case: len(self._case(case)["notices"]) for case in self.cases}
        self._at(to)
        clocks.run_due(to, only=self.bodies or [self.body])
        return [
            {"to": notice["to"], "kind": notice["name"]}
            for case, known in before.items()
            for notice in self._case(case)["notices"][known:]
        ]

    # -- acts --------------------------------------------------------------------------------------------------

    def act(self, actor: Actor, step: Mapping[str, Any], case: str | None) -> StepResult:
        user, token = self._user(actor)
        action, known = str(step["do"]), self.cases.get(case or "")
        said = {"data": step.get("data") or {}, "reasons": step.get("reasons") or {}}
        body = self._place(actor) if known is None else known
        self._attach(said["data"], user.partition or body, str(user.id))
        procedure = self._procedure(step)
        if known is None or self._opens(procedure, action, step, case):
            path = f"/bodies/{self._place(actor)}/services/{self.slug}/procedures/{procedure.name}/cases"
            return self._result(self._post(path, {**said, "action": action}, token), self._place(actor), None)
        path = f"/bodies/{known}/cases/{case}/acts/{action}"
        return self._result(self._post(path, said, token), known, case)

    def _opens(
        self, procedure: CompiledProcedure, action: str, step: Mapping[str, Any], case: str | None
    ) -> bool:
        """An opening action opens another case, where the last one is not waiting for it."""
        compiled = procedure.actions.get(action)
        if compiled is None or not compiled.action.opens or "case" in step:
            return False
        known = self._case(str(case))
        return known["procedure"] != procedure.name or known["state"] not in compiled.action.from_

    def _attach(self, value: object, partition: str, holder: str) -> None:
        """A file that the data names has been sent before."""
        if isinstance(value, Mapping):
            if "sha256" in value:
                with scope(partition):
                    Attachment.objects.get_or_create(
                        body=partition, sha256=str(value["sha256"]),
                        defaults={"name": str(value.get("name")), "type": "application/pdf", "size": 1, "at": self.now,
                                  "holders": [holder]},
                    )  # fmt: skip
                return
            value = list(value.values())
        for item in value if isinstance(value, list) else ():
            self._attach(item, partition, holder)

    def _result(self, found: Any, body: str, case: str | None) -> StepResult:
        said = found.data
        problems = [
            {key: problem[key] for key in ("field", "code", "suggest") if problem[key]}
            for problem in said["problems"]
        ]
        if found.status_code >= 400:
            return StepResult(said["code"], problems, case=case)
        self.cases[said["id"]] = body
        return StepResult(None, problems, said["notices"], case=said["id"])

    def receive(self, actor: Actor, step: Mapping[str, Any], case: str | None) -> StepResult:
        return self.act(actor, {**step, "do": step["receive"]}, case)

    def compute(self, step: Mapping[str, Any]) -> StepResult:
        raise ScenarioError(f"no engine function is called `{step['compute']}`")

    def read(self, actor: Actor, step: Mapping[str, Any]) -> StepResult:
        _user, token = self._user(actor)
        path = f"/bodies/{self._place(actor)}/services/{self.slug}/figures/{step['read']}"
        found = self._get(path, token)
        if found.status_code >= 400:
            return StepResult(found.data["code"])
        return StepResult(data=found.data["data"])

    def set_parameters(self, values: Mapping[str, Any], since: datetime) -> None:
        seeding.set_parameters(self.compiled, self.body, values, since.date(), self.now)

    # -- looking -----------------------------------------------------------------------------------------------

    def _case(self, case: str) -> dict[str, Any]:
        body = self.cases[case]
        found = self._get(f"/bodies/{body}/cases/{case}", self._inspector(body))
        assert found.status_code == 200, found.data
        said: dict[str, Any] = found.data
        return said

    def view(self, case: str | None, keys: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {"records": self._records()} if "records" in keys else {}
        if case is None or case not in self.cases:
            return {**found, "documents": [], "events": [], "charges": {}, "clocks": {}, "data": {}}
        said, body = self._case(case), self.cases[case]
        data = {**said["computed"]}
        for values in said["sections"].values():
            data.update(values)
        if "events" in keys:
            events = self._get(f"/bodies/{body}/cases/{case}/events", self._inspector(body)).data["items"]
            found["events"] = [
                event["act"]
                for event in events
                if event["act"] != "given" and not event["act"].startswith("clock.")
            ]
        return {
            **found,
            "state": said["state"],
            "data": data,
            "documents": [document["name"] for document in said["documents"]],
            "charges": {name: charge["due"] for name, charge in said["charges"].items()},
            "paid": {name: charge["paid"] for name, charge in said["charges"].items()},
            "clocks": {name: item["on"] for name, item in said["clocks"].items()},
            "parts": {},
            "absent": said,
        }

    def _records(self) -> list[dict[str, Any]]:
        return [
            {"registry": registry, "key": item["key"], "data": item["data"]}
            for body in self.bodies or [self.body]
            for registry in self.compiled.registries
            for item in self._all(
                f"/bodies/{body}/services/{self.slug}/registries/{registry}/records", self._inspector(body)
            )
        ]

    def sees(self, actor: Actor) -> dict[str, int]:
        _user, token = self._user(actor)
        body = self._place(actor)
        if self.compiled.service.roles[actor.role].reach == "granted":
            return {"cases": self._granted(body, token), "parts": 0, "records": 0}
        cases = [item for item in self._all(f"/bodies/{body}/cases", token) if item["id"] not in self.brought]
        records = [
            item
            for registry in self.compiled.registries
            for item in self._all(f"/bodies/{body}/services/{self.slug}/registries/{registry}/records", token)
        ]
        return {"cases": len(cases), "parts": 0, "records": len(records)}

    def _granted(self, place: str, token: str) -> int:
        """Cases that were delivered to a place and open there; those that were not do not."""
        for body in self.bodies:
            outbox.run(self.now, body=body)
        listed = {item["case"] for item in self._all(f"/bodies/{place}/services/{self.slug}/shared", token)}
        for case, body in self.cases.items():
            assert (self._get(f"/bodies/{body}/cases/{case}", token).status_code == 200) == (case in listed)
        return len(listed)

    def _all(self, path: str, token: str) -> list[dict[str, Any]]:
        """Every page of a list; what may not be seen is empty."""
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            found = self._get(f"{path}?limit={_PAGE}" + (f"&cursor={cursor}" if cursor else ""), token)
            if found.status_code in (403, 404):
                return []
            assert found.status_code == 200, found.data
            items.extend(found.data["items"])
            cursor = found.data["next"]
        return items

    def fork(self) -> Driver:
        raise ScenarioError("branches run one by one (see linear)")

    # -- calls -------------------------------------------------------------------------------------------------

    def _get(self, path: str, token: str) -> Any:
        return self._read(self._client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}))

    def _post(self, path: str, said: object, token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex}
        return self._read(
            self._client.post(
                f"/api/v1{path}", orjson.dumps(said), content_type="application/json", headers=headers
            )
        )

    @staticmethod
    def _read(found: Any) -> Any:
        assert found.status_code < 500, found.content
        found.data = orjson.loads(found.content)
        return found


def linear(scenario: Scenario) -> list[Scenario]:
    """A scenario with branches as several without: a database can't be copied at a branch."""
    from dataclasses import replace

    found: list[Scenario] = []

    def walk(name: str, before: tuple[Any, ...], steps: Sequence[Any], then: Mapping[str, Any]) -> None:
        if steps and "branch" in steps[-1]:
            for number, branch in enumerate(steps[-1]["branch"], start=1):
                more = branch.get("steps") or []
                walk(f"{name} [{number}]", (*before, *steps[:-1]), more, branch.get("then") or {})
        else:
            found.append(replace(scenario, name=name, steps=(*before, *steps), then=then))

    walk(scenario.name, (), scenario.steps, scenario.then)
    return found
