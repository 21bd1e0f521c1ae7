"""Permits a second, PDF/A-2a and PDF/UA-1 at once, every field varied, beside WeasyPrint (PDF/A-2a).

Both make the same two faces from the same data, one core each, in turns: a round of ours, a round of the
peer's. Each is used at its best: one compiler kept here; style sheet and fonts read once, and the font subsetter
in C where it is installed, there. Then the same permits with QR code and signature (PAdES B-B, P-256 and RSA-2048)
on two cores, without a peer.
"""
# ruff: noqa: SIM905 -- lists of words read better as words

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from bench import CannotMeasure, figure
from bench import _document_signed as signed
from bench.peers import python_with
from kiban.documents import fonts
from kiban.documents.render import Renderer

NAME = "document"
SUMMARY = "permits a second (PDF/A-2a + PDF/UA-1), every field varied, beside WeasyPrint; and signed"

_PEER = ("weasyprint==70.0",)
_GOAL = 5.0
_GOAL_SIGNED = 60.0
_SIZES = {"small": (3, 20), "full": (5, 100)}
_TEMPLATES = Path(__file__).resolve().parents[1] / "services" / "temporary-plate" / "documents"
_AT = datetime(2026, 10, 2, 10, 0, tzinfo=timezone(timedelta(hours=9)))
_SURNAMES = (
    "佐藤 鈴木 高橋 田中 渡邉 伊東 山﨑 中村 小林 加藤 𠮷田 山田 佐々木 山口 松本 井上 木村 林 齋藤 清水 髙田"
).split()
_GIVEN = ("陽翔 蓮 湊 蒼 樹 結菜 紬 凛 葵 芽依 大和 悠真 朝陽 美咲 陽菜 さくら 健太郎 德子 和広 千鶴").split()
_PLACES = (
    "立石 青戸 亀有 堀切 柴又 金町 新小岩 水元 細田 高砂 奥戸 鎌倉 白鳥 宝町 小菅 東四つ木 西新小岩"
).split()
_MAKERS = ("トヨタ ニッサン ホンダ マツダ スバル スズキ ダイハツ ミツビシ いすゞ 日野 レクサス").split()
_SHAPES = "箱型 バン ステーションワゴン キャブオーバ ダンプ 二輪 三輪 トレーラ".split()
_PURPOSES = (
    "車検のための回送 登録のための回送 試運転 販売のための回送 整備のための回送 封印取付けのための回送"
).split()


def permits(count: int, seed: int) -> list[dict[str, Any]]:
    """Data of that many invented permits; no two share a field but by chance."""
    draw = random.Random(seed)  # a sample, not a secret
    return [_permit(draw) for _ in range(count)]


def _permit(draw: random.Random) -> dict[str, Any]:
    def place() -> str:
        town = f"東京都葛飾区{draw.choice(_PLACES)}{draw.choice('一二三四五六七八')}丁目"
        return f"{town}{draw.randint(1, 40)}番{draw.randint(1, 30)}号"

    def day(month: int) -> str:
        return f"令和{draw.randint(8, 30)}年{month}月{draw.randint(1, 28)}日"

    def chassis() -> str:
        model = "".join(draw.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=3))
        return f"{model}{draw.randint(10, 999)}-{draw.randint(0, 9999999):07}"

    month = draw.randint(1, 11)
    return {
        "document": {
            "label": "臨時運行許可証",
            "number": f"葛戸第{draw.randint(1, 99999)}号",
            "issued_on_text": day(month),
        },
        "body": {
            "name": f"見本{draw.randint(1, 999)}市",
            "office": f"見本市長　{draw.choice(_SURNAMES)}　{draw.choice(_GIVEN)}",
            "contact": f"戸籍住民課　電話 03-0000-{draw.randint(0, 9999):04}",
        },
        "case": {"number": f"131229-2026-{draw.randint(1, 999999):06}", "received_on_text": day(month)},
        "text": {
            "permit_no": f"R08-{draw.randint(1, 9999):04}",
            "plate": f"足立 {draw.randint(1000, 9999)}",
            "plate_count": str(draw.randint(1, 2)),
            "applicant_name": f"{draw.choice(_SURNAMES)}　{draw.choice(_GIVEN)}",
            "applicant_address": place(),
            "vehicle_name": draw.choice(_MAKERS),
            "vehicle_shape": draw.choice(_SHAPES),
            "chassis_no": chassis(),
            "purpose_code": draw.choice(_PURPOSES),
            "route_from": place(),
            "route_via": place(),
            "route_to": place(),
            "period_from": day(month),
            "period_to": day(month + 1),
            "permitted_on": day(month),
        },
        "clock_text": {"return": day(month + 1)},
    }


class _WeasyPrint:
    """The peer in a process of its own: rounds of data in, seconds out, one line each."""

    def __init__(self, font_dir: Path) -> None:
        python = python_with("weasyprint", *_PEER)
        scratch = python.parents[1]
        config = scratch / "fonts.conf"
        config.write_text(
            f"<fontconfig><dir>{font_dir}</dir><cachedir>{scratch / 'cache'}</cachedir></fontconfig>",
            encoding="utf-8",
        )
        self._process = subprocess.Popen(
            [str(python), str(Path(__file__).with_name("_document_peer.py"))],
            env={**os.environ, "FONTCONFIG_FILE": str(config)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.version = str(self._ask(None)["version"])

    def seconds(self, data: list[dict[str, Any]]) -> float:
        """How long the peer took for these permits; every one must have its two faces."""
        return float(self._ask(data)["seconds"])

    def close(self) -> None:
        """End the peer."""
        self._process.communicate()

    def _ask(self, data: Any) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout and self._process.stderr
        try:
            self._process.stdin.write(json.dumps(data) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            said = self._process.stderr.read().strip().splitlines()
            raise CannotMeasure(
                f"WeasyPrint does not run here: {said[-1] if said else 'no answer'}. "
                "It needs Pango (Debian: libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)."
            )
        answer: dict[str, Any] = json.loads(line)
        return answer


def run(size: str) -> list[dict[str, Any]]:
    """Medians of rounds that alternate between us and the peer; the first of each is a warm-up."""
    rounds, count = _SIZES[size]
    try:
        folder = fonts.install().folder
    except fonts.FontsMissing as error:
        raise CannotMeasure(str(error)) from error
    renderer = Renderer(_TEMPLATES, font_dir=folder)
    peer = _WeasyPrint(folder)
    ours, theirs = [], []
    try:
        for turn in range(rounds + 1):
            data = permits(count, seed=turn)
            ours.append(count / _seconds(renderer, data))
            theirs.append(count / peer.seconds(data))
    finally:
        peer.close()
    return [
        figure(
            "permit_pdf_rate",
            statistics.median(ours[1:]),
            "1/s",
            goal=_GOAL,
            peer=f"WeasyPrint {peer.version}",
            peer_value=statistics.median(theirs[1:]),
        ),
        *signed_rates(folder, rounds, count),
    ]


def signed_rates(font_dir: Path, rounds: int, count: int) -> list[dict[str, Any]]:
    """Medians of the signed permits a second, by kind of key."""
    data = [permits(count, seed=turn) for turn in range(rounds + 1)]
    return [
        figure(
            f"signed_pdf_rate{kind}",
            statistics.median(signed.rates(_TEMPLATES, font_dir, _AT, data, own)[1:]),
            "1/s",
            goal=_GOAL_SIGNED,
        )
        for kind, own in signed.new_keys().items()
    ]


def _seconds(renderer: Renderer, data: list[dict[str, Any]]) -> float:
    began = time.perf_counter()
    made = [renderer.render("permit", item, at=_AT) for item in data]
    took = time.perf_counter() - began
    if len(set(made)) != len(made):
        raise CannotMeasure("two permits came out alike: the data was not varied")
    return took
