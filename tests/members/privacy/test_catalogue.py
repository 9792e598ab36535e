"""The published lists equal the code; nothing sensitive is kept; emitters are known (L-35)."""

from __future__ import annotations

import ast
import re

import pytest
from django.test import Client

from kit.actions import action
from kit.actor import Actor
from kit.classified import Grade
from kit.fields import SealedTextField
from members.privacy.desk import copy_document
from members.privacy.emitters import EMITTERS
from members.privacy.errors import UnknownEmitter
from members.privacy.inventory import fields, published, recipients
from members.privacy.models import Disclosure
from members.privacy.models_of_duty import Recipient
from members.privacy.retaining import own_models
from members.privacy.steps import record_disclosure
from tests.cast import Cast
from tests.house.floors import ROOT, product_files
from tests.house.test_privacy import SECRETS
from tests.members.builders import TESTER
from tests.sockets import hearing, tries

PERSONAL = {Grade.PERSONAL, Grade.PERSONAL_HIGH, Grade.SENSITIVE}


def test_the_inventory_is_the_catalogue_and_the_page_is_the_inventory(db: None) -> None:
    declared = {
        (model._meta.label, field.name): privacy.grades[field.name]
        for model, privacy in own_models()
        for field in model._meta.concrete_fields
    }
    assert {(line.table, line.name): line.grade for line in fields()} == declared
    personal = {key for key, grade in declared.items() if grade in PERSONAL}
    assert {(line.table, line.name) for line in published()} == personal
    assert [f"{line.table}.{line.name}" for line in published() if line.words.isascii()] == []
    Recipient.objects.create(
        name="短信公司",
        contact="dpo@sms.example",
        role="entrusted",
        purpose="发验证码",
        kinds="手机号",
    )
    Recipient.objects.create(
        name="旧公司", contact="x", role="entrusted", purpose="y", kinds="z", is_active=False
    )
    page = Client().get("/privacy/lists/").content.decode()
    listed = re.findall(r"<dt>(.*?)(?: <span|</dt>)", page)
    assert sorted(listed) == sorted(line.words for line in published())
    assert [one.name for one in recipients()] == ["短信公司"]
    assert "短信公司" in page
    assert "旧公司" not in page


def test_no_sensitive_data_is_kept() -> None:
    """None is declared; who adds a field of that grade has to guard it in the database (L-20)."""
    assert [f"{line.table}.{line.name}" for line in fields() if line.grade == Grade.SENSITIVE] == []


def test_what_is_sealed_is_personal() -> None:
    impersonal = {
        f"{line.table}.{line.name}"
        for line in fields()
        if line.is_sealed and line.grade not in PERSONAL
    }
    assert impersonal == SECRETS
    for model, _ in own_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedTextField):
                model._meta.get_field("public_id")


# ------------------------------------------------------------------ emitters

SIGNS = ("Content-Disposition", "csv.writer", "FileResponse(", "StreamingHttpResponse(",
         "ModelResource", "ExportMixin", "ExportActionMixin", "get_export_data",
         "sms_gateway()")  # fmt: skip
# What hands out files or answers that hold no member's data, and why.
HARMLESS = {
    "stores.figures.": "sums by store and guide, and what guides are paid; no member",
    "stores.ledger.admin_of_files.": "receipt numbers and faults of head office's own file",
    "wecom.gateway.downloads": "reads files of WeCom",
    "members.privacy.admin_of_duty.audit": "counts, no person",
    "members.imports.admin.": "rows and faults of head office's own file, no cell of it",
    "members.registration.admin_of_codes._csv": "what channels cost and brought, no person",
    "members.registration.pages.notice": "the published notice",
    "members.registration.tablet_prints.as_file": "a printed code with a guide's name",
    "members.registration.sms.sms_gateway": "makes the gateway, sends nothing",
}


def emitting() -> set[str]:
    """Functions of the product that hand out files or send texts, by dotted name."""
    found = set()
    for path in product_files():
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "sandbox" in parts or parts[0] == "config":
            continue
        text = path.read_text()
        if not any(sign in text for sign in SIGNS):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = ast.get_source_segment(text, node) or ""
                if any(sign in body for sign in SIGNS):
                    found.add(".".join([*parts, node.name]))
    return found


def test_every_path_that_hands_out_data_is_in_the_register() -> None:
    known = {door for emitter in EMITTERS.values() for door in emitter.doors}
    # Doors of what the rooms hand them, which is in the register.
    known |= {"members.privacy.admin_of_acts.hand_over"}
    unknown = {
        door for door in emitting() - known if not any(door.startswith(name) for name in HARMLESS)
    }
    assert sorted(unknown) == []


@action
def _disclose(what: str, *, by: Actor) -> None:
    record_disclosure(what=what, recipient="x", purpose="y", fields=["z"], count=1)


def test_an_unknown_path_is_refused_and_a_known_one_writes_one_line(cast: Cast) -> None:
    with pytest.raises(UnknownEmitter):
        _disclose("somewhere", by=TESTER)
    copy_document(cast.chen, by=TESTER)
    assert Disclosure.objects.count() == 1


# ------------------------------------------------------------------ doors to the outside

# Who may call out at all; each reaches hosts of the settings alone.
CALLERS = {
    "wecom/gateway/client.py", "wecom/gateway/transport.py", "wecom/gateway/downloads.py",
    "wecom/gateway/tokenless.py", "members/registration/sms.py",
}  # fmt: skip
_CALLING = re.compile(
    r"^(?:import|from) (requests|httpx|urllib3|aiohttp|http\.client|smtplib)", re.M
)


def test_only_known_files_call_out() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in product_files()
        if _CALLING.search(path.read_text())
        and path.relative_to(ROOT).parts[0] != "config"
        and "sandbox" not in path.parts
        and "management" not in path.parts
    }
    assert found - CALLERS == set()


def test_no_socket_leads_elsewhere(cast: Cast, servers: object) -> None:
    """Connections lead to the hosts of the settings alone, in tests all of them here (L-22).

    The ear is on in every test of the house: whatever leads elsewhere fails there. Here it is shown
    to hear.
    """
    for host in ("203.0.113.7", "8.8.8.8", "169.254.169.254", "2001:db8::1"):
        assert not tries(host), host
    assert tries("127.0.0.1", 9)
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    with hearing() as met:
        for address in ("/privacy/lists/", "/admin/", "/admin/members/member/", "/m/", "/healthz"):
            client.get(address)
    assert set(met) <= {"127.0.0.1", "::1", "localhost"}
