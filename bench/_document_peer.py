"""The permit's two faces by WeasyPrint. Runs in WeasyPrint's own environment: nothing of kiban is imported.

A line of JSON in (null, or the data of permits), a line of JSON out (the version, or the seconds).
"""
# ruff: noqa: E501 -- the page's own text

import html
import json
import sys
import time

import weasyprint
from weasyprint.text.fonts import FontConfiguration

CSS = """
@page { size: A5 landscape; margin: 9mm 12mm }
html { font-family: "Noto Serif JP", "IPAmjMincho", "HanaMinA", "HanaMinB"; font-size: 11pt; line-height: 1.25 }
h1, h2, th, .sans { font-family: "BIZ UDPGothic"; font-weight: bold }
h1 { font-size: 17pt; letter-spacing: .28em; text-align: center; margin: 0 }
h2 { font-size: 10.5pt; margin: 3mm 0 1.5mm }
header { position: relative }
header .no { position: absolute; right: 0; top: 0; font-size: 10pt }
header .face { position: absolute; left: 0; top: 0; font-size: 8pt }
.validity { border: 1.6pt solid; padding: 2mm 4mm; margin: 2mm 0; text-align: center }
.validity p { margin: 0 } .from { font-size: 22pt; font-weight: bold }
.to { font-size: 30pt; font-weight: bold; color: #b3001b }
table { border-collapse: collapse; width: 100%; table-layout: fixed }
td, th { border: .5pt solid #5a5a5a; padding: 1.2mm 2mm; text-align: left; overflow-wrap: anywhere }
th { background: #f2f2f2; width: 25mm; font-weight: normal; font-size: 10.3pt }
.plate { font-size: 16pt; font-weight: bold }
footer { margin-top: 2mm; position: relative; height: 20mm }
footer .law { font-size: 8.5pt } footer .office { position: absolute; right: 24mm; top: 6mm; font-size: 13pt }
.seal { position: absolute; right: 0; top: 0; width: 19mm; height: 19mm; border: .4pt dashed #969696; font-size: 7pt;
  line-height: 19mm; text-align: center; color: #696969 }
.back { page-break-before: always; font-size: 10pt } .note { border: 1.2pt solid; padding: 2.5mm 3mm }
.note b { font-size: 15pt } ol { margin: 0; padding-left: 6mm }
"""
PAGE = """<!doctype html><html lang="ja"><head><title>{label} {number}</title></head><body>
<header><span class="face">（表）</span><h1>臨時運行許可証</h1><span class="no sans">許可番号　{permit_no}</span></header>
<div class="validity"><p>有効期間　自 <span class="from">{period_from}</span></p>
<p>至 <span class="to">{period_to}</span>　まで</p></div>
<table><tr><th>番号標の番号</th><td class="plate">{plate}</td><th>番号標の枚数</th><td>{plate_count}枚</td></tr>
<tr><th>氏名又は名称</th><td colspan="3">{applicant_name}</td></tr>
<tr><th>住所</th><td colspan="3">{applicant_address}</td></tr>
<tr><th>車名</th><td>{vehicle_name}</td><th>形状</th><td>{vehicle_shape}</td></tr>
<tr><th>車台番号</th><td colspan="3">{chassis_no}</td></tr>
<tr><th>運行の目的</th><td colspan="3">{purpose_code}</td></tr>
<tr><th>運行の経路</th><td colspan="3">{route_from} → {route_via} → {route_to}</td></tr></table>
<footer><div class="law">道路運送車両法第34条及び第35条の規定により、臨時運行を許可します。</div>
<div>許可年月日　{permitted_on}</div><div class="office">{office}</div><div class="seal">公印</div></footer>
<div class="back"><div>（裏）</div><h2>返納期限</h2>
<div class="note"><b>{due}</b>までに、この許可証と番号標を{name}へ返納してください。<br>返納先・問合せ先　{contact}</div>
<h2>遵守事項</h2><ol>
<li>この許可証に記載された目的及び経路のとおりに、有効期間内に限り運行してください（道路運送車両法第35条）。</li>
<li>番号標は、自動車の前面及び後面（二輪自動車、三輪自動車及び被けん引自動車は後面）の見やすい位置に確実に取り付け、見えにくくしないでください（同法第36条）。</li>
<li>この許可証は、有効期間を記した面が自動車の前面から見えるように備え付けてください（同法第36条）。</li>
<li>有効期間が満了したときは、その日から5日以内に、この許可証及び番号標を返納しなければなりません（同法第35条第6項）。</li>
<li>許可証又は番号標を失い、又は損なったときは、直ちに届け出てください。番号標を失ったときは、警察署へも届け出てください。</li>
<li>許可証及び番号標を他人に譲り渡し、貸し、又は記載された自動車以外の自動車に用いてはなりません。</li></ol>
<h2>罰則</h2><ol>
<li>偽りその他不正の手段により許可を受けた者は、1年以下の拘禁刑若しくは50万円以下の罰金に処せられ、又はこれらが併科されます（同法第107条）。</li>
<li>期限までに許可証及び番号標を返納しない者は、6か月以下の拘禁刑又は30万円以下の罰金に処せられます（同法第108条）。</li>
</ol></div></body></html>"""


def page(data):
    """The page's source; what people entered is escaped."""
    words = {**data["document"], **data["body"], **data["text"], "due": data["clock_text"]["return"]}
    return PAGE.format(**{key: html.escape(value) for key, value in words.items()})


def main():
    """Answer lines until there are no more."""
    fonts = FontConfiguration()
    style = weasyprint.CSS(string=CSS, font_config=fonts)
    for line in sys.stdin:
        data = json.loads(line)
        if data is None:
            print(json.dumps({"version": weasyprint.__version__}), flush=True)
            continue
        began = time.perf_counter()
        for item in data:
            document = weasyprint.HTML(string=page(item)).render(stylesheets=[style], font_config=fonts)
            pdf = document.write_pdf(pdf_variant="pdf/a-2a", pdf_tags=True)
            assert len(document.pages) == 2, f"{len(document.pages)} pages"
            assert pdf.startswith(b"%PDF")
        print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    main()
