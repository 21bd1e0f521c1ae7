"""The clerks of `bench desk`: each signs in on the page and works through pages, with time to read between them.

Reads a job as JSON from stdin: port, clerks [[body, name], …], password, service, seconds, think (seconds between two
pages of a clerk, on average). Writes {"bodies": {body: {"inbox": [ms, …], "case": [ms, …], "act": [ms, …]}}, "acts",
"wrong"}. A clerk looks at the inbox (as it opens; its next page; one state; by name; by number), opens one of the
cases that it shows, and accepts it when it is new. What another clerk has done meanwhile (409) is no error.
"""

from __future__ import annotations

import asyncio
import html
import json
import random
import re
import sys
import time
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from bench._submit_load import Connection, name

_HIDDEN = re.compile(r'<input type="hidden" name="(csrfmiddlewaretoken|key|seq)" value="([^"]*)"')
_NEXT = re.compile(r'href="(\?[^"]*cursor=[^"]*)"')
_NUMBER = re.compile(r'class="plain nowrap" href="[^"]*">([^<]+)</a>')


class Browser:
    """A clerk's browser: keeps cookies and one connection, measures."""

    def __init__(self, port: int, address: str) -> None:
        self.connection, self.address = Connection(port), address
        self.cookies: dict[str, str] = {}

    async def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, float]:
        """Status, page and milliseconds; of a redirect, where it leads to instead of the page."""
        body = b"" if form is None else urlencode(form).encode()
        head = [
            f"{'GET' if form is None else 'POST'} {path} HTTP/1.1", "Host: localhost", "Origin: https://localhost",
            "X-Forwarded-Proto: https", f"X-Forwarded-For: {self.address}", "Accept-Language: ja",
            "Cookie: " + "; ".join(f"{key}={value}" for key, value in self.cookies.items()),
            "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}",
        ]  # fmt: skip
        request = "\r\n".join(head).encode() + b"\r\n\r\n" + body
        sent = time.perf_counter()
        try:
            status, headers, page = await self.connection.exchange(request)
        except (
            asyncio.IncompleteReadError,
            ConnectionError,
        ):  # idle for too long: begun anew, as browsers do
            await self.connection.open()
            status, headers, page = await self.connection.exchange(request)
        taken = (time.perf_counter() - sent) * 1000
        location = ""
        for line in headers.split("\r\n"):
            key, _, value = line.partition(":")
            if key.lower() == "set-cookie":
                self.cookies.update({k: morsel.value for k, morsel in SimpleCookie(value.strip()).items()})
            elif key.lower() == "location":
                location = value.strip()
        return status, location or page.decode(errors="replace"), taken


class Clerk:
    """One clerk at work."""

    def __init__(self, job: dict[str, Any], number: int, found: dict[str, Any]) -> None:
        self.body, self.name = job["clerks"][number]
        self.job, self.found, self.draw = job, found, random.Random(number)
        self.browser = Browser(job["port"], f"192.0.2.{number + 1}")
        self.inbox = f"/desk/{self.body}/{job['service']}/"
        self.next = self.number = ""

    async def sign_in(self) -> None:
        await self.browser.connection.open()
        _status, page, _ms = await self.browser.ask("/sign-in/")
        form = {**dict(_HIDDEN.findall(page)), "username": self.name, "password": self.job["password"]}
        status, where, _ms = await self.browser.ask("/sign-in/", form)
        if status != 302:
            raise RuntimeError(f"{self.name} could not sign in: {status} {where[:300]}")

    async def work(self, until: float) -> None:
        await self._think(self.draw.random())
        while time.perf_counter() < until:
            page = await self._page("inbox", self.inbox + self._query())
            self.next = html.unescape(found[1]) if (found := _NEXT.search(page)) else ""
            numbers = _NUMBER.findall(page)
            self.number = self.draw.choice(numbers) if numbers else ""
            cases = re.findall(rf'href="(/desk/{self.body}/cases/[0-9a-f-]+/)"', page)
            await self._think()
            if cases and time.perf_counter() < until:
                await self._case(self.draw.choice(cases))

    def _query(self) -> str:
        turn = self.draw.random()
        if turn < 0.15 and self.next:
            return self.next
        if turn < 0.3:
            return "?state=permit.submitted"
        if turn < 0.4:
            return "?" + urlencode({"q": name(self.draw)})
        return "?" + urlencode({"q": self.number}) if turn < 0.5 and self.number else ""

    async def _case(self, url: str) -> None:
        page = await self._page("case", url)
        await self._think()
        if f"{url}act/accept/" not in page:
            return
        status, page, taken = await self.browser.ask(f"{url}act/accept/")
        self._take("act", status, taken, page)
        form = {**dict(_HIDDEN.findall(page)), "do": "send", "department": "市民課"}
        status, said, taken = await self.browser.ask(f"{url}act/accept/", form)
        self._take("act", 200 if status in (302, 409) else status, taken, said)
        self.found["acts"] += status == 302
        await self._think()

    async def _page(self, kind: str, url: str) -> str:
        status, page, taken = await self.browser.ask(url)
        self._take(kind, status, taken, page)
        return page

    def _take(self, kind: str, status: int, taken: float, said: str) -> None:
        self.found["bodies"][self.body][kind].append(taken)
        if status != 200 and len(self.found["wrong"]) < 3:
            self.found["wrong"].append(f"{kind}: {status} {said[:300]}")

    async def _think(self, share: float | None = None) -> None:
        seconds = self.job["think"] * (self.draw.uniform(0.5, 1.5) if share is None else share)
        await asyncio.sleep(seconds)


async def main() -> None:
    job = json.load(sys.stdin)
    bodies = {body: {"inbox": [], "case": [], "act": []} for body, _name in job["clerks"]}
    found: dict[str, Any] = {"bodies": bodies, "acts": 0, "wrong": []}
    clerks = [Clerk(job, number, found) for number in range(len(job["clerks"]))]
    await asyncio.gather(*(clerk.sign_in() for clerk in clerks))
    until = time.perf_counter() + job["seconds"]
    await asyncio.gather(*(clerk.work(until) for clerk in clerks))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
