"""Signed files hold before our own reader and before tools that are not ours; one changed byte and they don't."""

from __future__ import annotations

import http.server
import random
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import Certificate, ExtendedKeyUsage, load_pem_x509_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from kiban.documents import sample_signers, signers, signing, verify
from kiban.documents.mark import Mark, named_in
from kiban.documents.render import Renderer
from tests.documents.conftest import AT, SERVICES
from tests.documents.signing_kit import MARK_URL, give, rsa_key, said_by

NOW = datetime.now(UTC)
MARK = Mark(MARK_URL, "https://kiban.example.lg.jp/verify/", "131229-7K3M-9QTV-4DAB-CDEF")
DATA = {
    "document": {"label": "臨時運行許可証", "number": "葛戸第1号", "issued_on_text": "令和8年10月2日"},
    "body": {"name": "葛飾区", "office": "葛飾区長"},
    "text": {"permit_no": "R08-0001", "plate": "足立 1234", "period_to": "令和8年10月7日", "applicant_name": "髙橋　太郎"},
}  # fmt: skip


@pytest.fixture(scope="module")
def permit(font_dir: Path) -> bytes:
    renderer = Renderer(SERVICES / "temporary-plate" / "documents", font_dir=font_dir)
    return renderer.render("permit", DATA, at=AT, mark=MARK)


def _signed(pdf: bytes) -> bytes:
    signer = signers.signer_for("131229")
    assert signer is not None
    return signing.sign(pdf, signer, at=NOW, contact=MARK_URL, place="葛飾区")


def _read(pdf: bytes) -> signing.Signed:
    found = signing.read(pdf, signers.roots(), NOW)
    assert found is not None
    return found


@pytest.mark.parametrize("own", [None, rsa_key], ids=["P-256", "RSA-2048"])
def test_a_signed_permit_holds_and_stays_what_it_was(
    permit: bytes, own: Callable[[], object] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    give(monkeypatch, own() if own else None)  # type: ignore[arg-type]
    signed = _signed(permit)
    assert signed.startswith(permit)  # nothing that was rendered is touched
    assert verify.check(signed) == []
    assert (verify.verapdf(signed) or []) == []
    found = _read(signed)
    assert (found.sound, found.trusted, found.level) == (True, True, "B-B")
    assert found.subject.startswith("見本 区長")
    assert found.at is not None
    assert (
        abs((found.at - datetime.now(UTC)).total_seconds()) < 60
    )  # when it was signed, not when it was issued
    said = said_by("pdfsig", "-nocert", pdf=signed, folder=tmp_path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert "No syntax or stream encoding errors" in said_by("qpdf", "--check", pdf=signed, folder=tmp_path)


def test_one_changed_byte_anywhere_is_found(
    permit: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    give(monkeypatch)
    signed = _signed(permit)
    draw = random.Random(7)
    for place in [draw.randrange(20, len(permit)) for _ in range(30)] + [len(signed) - 3]:
        changed = bytearray(signed)
        changed[place] ^= 1
        found = signing.read(bytes(changed), signers.roots(), NOW)
        assert found is None or not found.sound, place
    changed = bytearray(signed)
    changed[len(permit) // 2] ^= 1
    assert "Signature is Valid" not in said_by("pdfsig", "-nocert", pdf=bytes(changed), folder=tmp_path)
    added = _read(signed + b"\n% more\n")
    assert not added.sound


def test_another_authority_is_not_trusted(permit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch)
    signed = _signed(permit)
    old = signers.roots()
    give(monkeypatch)  # another authority of the same name
    assert (_read(signed).sound, _read(signed).trusted) == (True, False)
    pem = b"".join(root.public_bytes(Encoding.PEM) for root in old).decode()
    monkeypatch.setenv("KIBAN_SECRET_SIGNING_TRUSTED", pem)
    assert _read(signed).trusted  # after a change of keys the earlier root is still known


def test_a_body_has_its_own_signer_before_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch)
    common = signers.signer_for("131229")
    key, authority = sample_signers.new_authority()
    own = ec.generate_private_key(ec.SECP256R1())
    monkeypatch.setenv(
        "KIBAN_SECRET_SIGNING_131229", sample_signers.bundle(own, "見本 葛飾区長", key, authority)
    )
    found, other = signers.signer_for("131229"), signers.signer_for("131130")
    assert common is not None and found is not None
    assert found.subject.startswith("見本 葛飾区長")
    assert other == common
    assert len([one for one in signers.all_signers() if isinstance(one, signers.BodySigner)]) == 2


def _without_certificate(text: str) -> str:
    return text.partition("-----BEGIN CERTIFICATE")[0]


def _of_another_key(text: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return _pem(key) + text[text.index("-----BEGIN CERTIFICATE") :]


def _pem(key: sample_signers.Key, phrase: bytes = b"") -> str:
    how = BestAvailableEncryption(phrase) if phrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without_certificate, "no certificate"),
        (_of_another_key, "not that of the private key"),
        (lambda text: text[text.index("-----BEGIN CERTIFICATE") :], "neither a private key"),
        (lambda text: text.replace("M", "?", 3), "can't be read"),
        (lambda text: _pem(rsa_key(1024)) + text[text.index("-----BEGIN CERT") :], "neither P-256 nor RSA"),
        (lambda text: _pem(rsa_key(), b"secret") + text[text.index("-----BEGIN CERT") :], "passphrase"),
        (lambda text: "pkcs11:token=x?pin-value=1\n" + text[text.index("-----BEGIN CERT") :], "lacks object"),
        (lambda text: "pkcs11:token=x;object=y?module-path=/nowhere.so\n" + text[text.index("-----BEGIN CERT") :],
         "does not give the key"),
    ],
)  # fmt: skip
def test_a_key_that_can_not_be_used_says_why(
    change: Callable[[str], str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, authority = sample_signers.new_authority()
    text = sample_signers.bundle(ec.generate_private_key(ec.SECP256R1()), "見本", key, authority)
    monkeypatch.setenv("KIBAN_SECRET_SIGNING", change(text))
    with pytest.raises(signers.SigningProblem, match=said):
        signers.signer_for("131229")


def test_a_certificate_that_has_ended_signs_nothing(permit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch)
    signer = signers.signer_for("131229")
    assert signer is not None
    with pytest.raises(signers.SigningProblem, match="2049-12-31"):
        signing.sign(permit, signer, at=datetime(2050, 1, 2, tzinfo=UTC), contact=MARK_URL)


def test_the_printed_code_is_scanned_and_the_file_names_its_page(permit: bytes) -> None:
    picture = pypdfium2.PdfDocument(permit)[0].render(scale=2).to_pil()
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [MARK_URL]
    assert named_in(permit) == [("131229", "7K3M-9QTV-4DAB-CDEF")]
    assert "131229-7K3M-9QTV-4DAB-CDEF" in pypdfium2.PdfDocument(permit)[0].get_textpage().get_text_bounded()


@pytest.fixture
def authority_of_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Certificate]:
    """A time-stamping authority (RFC 3161) that answers on this machine; its certificate."""
    key, root = sample_signers.new_authority("見本時刻認証局")
    own = rsa_key()
    made = _stamping_certificate(own, key, root)
    stamper = DummyTimeStamper(
        signers.as_asn1(made),
        asn1_keys.PrivateKeyInfo.load(own.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
        certs_to_embed=SimpleCertificateStore(),
    )

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            said = stamper.request_tsa_response(asked).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("KIBAN_TSA_URL", f"http://127.0.0.1:{server.server_port}/")
    yield root
    server.shutdown()
    server.server_close()


def _stamping_certificate(own: sample_signers.Key, key: sample_signers.Key, root: Certificate) -> Certificate:
    blank = sample_signers._blank(sample_signers._name("見本時刻"), root.subject, own)
    usage = ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    from cryptography.hazmat.primitives import hashes

    return blank.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def test_with_an_authority_of_time_the_signature_is_stamped(
    permit: bytes, authority_of_time: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch)
    monkeypatch.setenv("KIBAN_SECRET_SIGNING_TRUSTED", authority_of_time.public_bytes(Encoding.PEM).decode())
    signed = _signed(permit)
    assert verify.check(signed) == []
    found = _read(signed)
    assert (found.sound, found.trusted, found.level) == (True, True, "B-T")


def test_without_an_answer_from_the_authority_of_time_nothing_is_signed(
    permit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch)
    monkeypatch.setenv("KIBAN_TSA_URL", "http://127.0.0.1:9/")
    with pytest.raises(signers.SigningProblem, match="time stamp"):
        _signed(permit)


def test_a_key_in_a_token_signs_without_leaving_it(
    permit: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if shutil.which("softhsm2-util") is None:
        pytest.skip("softhsm2 is not installed: ./kiban test installs it where it may")
    module = next(iter(sorted(Path("/usr/lib").glob("**/libsofthsm2.so"))))
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    key, authority = sample_signers.new_authority()
    own = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "own.pem").write_text(_pem(own))
    for command in (
        ["--init-token", "--free", "--label", "kiban", "--so-pin", "5678", "--pin", "1234"],
        [
            "--import",
            str(tmp_path / "own.pem"),
            "--token",
            "kiban",
            "--label",
            "131229",
            "--id",
            "01",
            "--pin",
            "1234",
        ],
    ):
        subprocess.run(["softhsm2-util", *command], check=True, capture_output=True)
    (tmp_path / "pin").write_text("1234\n")
    bundle = sample_signers.bundle(own, "見本 区長", key, authority)
    uri = f"pkcs11:token=kiban;object=131229?module-path={module}&pin-source=file:{tmp_path}/pin"
    assert len(load_pem_x509_certificates(bundle.encode())) == 2
    monkeypatch.setenv("KIBAN_SECRET_SIGNING", uri + "\n" + bundle[bundle.index("-----BEGIN CERT") :])
    found = _read(_signed(permit))
    assert (found.sound, found.trusted) == (True, True)


def test_the_demo_makes_its_own_keys_once_and_names_them_samples(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KIBAN_HOME", str(tmp_path))
    monkeypatch.setenv("KIBAN_MODE", "demo")
    offices = {"131229": "葛飾区長", "011002": "札幌市長"}
    assert sample_signers.install(offices) == 3  # one for each, and one for all others
    assert sample_signers.install(offices) == 0
    for body, subject in (*offices.items(), ("mlit", "共通署名")):
        signer = signers.signer_for(body)
        assert signer is not None
        assert signer.subject.startswith(f"見本 {subject}")
    assert len(signers.roots()) == 1
    files = list((tmp_path / "secrets").iterdir())
    assert len(files) == 4
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    monkeypatch.setenv("KIBAN_MODE", "production")
    with pytest.raises(RuntimeError, match="demo only"):
        sample_signers.install({"131113": "大田区長"})


def test_the_doctor_says_how_documents_are_signed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings
) -> None:  # type: ignore[no-untyped-def]
    from kiban.ops import doctor_machine

    monkeypatch.setenv("KIBAN_HOME", str(tmp_path))
    monkeypatch.delenv("KIBAN_SECRET_SIGNING", raising=False)
    monkeypatch.setenv("KIBAN_MODE", "production")
    (found,) = doctor_machine.signatures()
    assert (found.level, "leave unsigned" in found.said, bool(found.remedy)) == ("warning", True, True)
    settings.KIBAN_SIGNATURES = "required"
    (found,) = doctor_machine.signatures()
    assert (found.level, "wait" in found.said) == ("wrong", True)
    give(monkeypatch)
    (found,) = doctor_machine.signatures()
    assert (found.level, "2049-12-31" in found.said) == ("ok", True)
    monkeypatch.setenv("KIBAN_SECRET_SIGNING", "nonsense")
    (found,) = doctor_machine.signatures()
    assert (found.level, "no certificate" in found.said) == ("wrong", True)
