"""Assessments, incidents, head counts and the self-audit (L-30 to L-34, L-39)."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from members.consent.models import ConsentEvent
from members.privacy import duties
from members.privacy.actions import disclose, open_request, reveal_phone
from members.privacy.answering import answer_request, refuse_request
from members.privacy.auditing import Period, pack_of
from members.privacy.errors import AssessmentIncomplete, AssessmentMissing, IncidentIncomplete
from members.privacy.incident_fields import WhoseAccount
from members.privacy.models import AccessLog, Disclosure, SubjectRequest
from members.privacy.models_of_duty import (
    Activity,
    Headcount,
    ImpactAssessment,
    Incident,
    IncidentKind,
)
from members.privacy.panels import alarms_at
from members.privacy.pia import VERSIONS, must_be_signed
from members.privacy.rules import alarm_at, passed, severity_of
from stores.org.access import actor_of_guide
from stores.org.models import LegalEntity
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, grant

pytestmark = pytest.mark.django_db


def an_assessment(cast: Cast, activity: str, **fields: object) -> ImpactAssessment:
    said = {"legality": "合法", "risk": "低", "measures": "加密", "written_by": "test"} | fields
    return ImpactAssessment.objects.create(entity=cast.entity, activity=activity, **said)


@pytest.mark.parametrize("activity", Activity.values)
def test_no_activity_begins_without_a_current_signed_assessment(cast: Cast, activity: str) -> None:
    def refused(**terms: object) -> bool:
        try:
            must_be_signed(activity, entity=cast.entity, **terms)  # type: ignore[arg-type]
        except AssessmentMissing:
            return True
        return False

    assert refused()
    row = an_assessment(cast, activity)
    assert refused(), "unsigned"
    other = an_assessment(cast, activity, version=VERSIONS[activity] + 1)
    duties.sign_assessment(other.pk, signer=cast.hq, by=TESTER)
    assert refused(), "of another version"
    duties.sign_assessment(row.pk, signer=cast.hq, by=TESTER)
    assert not refused()
    assert refused(at=timezone.now() + timedelta(days=367)), "run out"
    with pytest.raises(AssessmentMissing):
        must_be_signed(activity, entity=cast.franchise)
    with pytest.raises(AssessmentMissing):
        must_be_signed(activity)


def test_a_signed_assessment_is_whole_and_stays_unchanged_three_years(cast: Cast) -> None:
    gap = an_assessment(cast, Activity.PROFILING, risk=" ")
    with pytest.raises(AssessmentIncomplete):
        duties.sign_assessment(gap.pk, signer=cast.hq, by=TESTER)
    row = an_assessment(cast, Activity.PROFILING)
    duties.sign_assessment(row.pk, signer=cast.hq, by=TESTER)
    with pytest.raises(DatabaseError), transaction.atomic():
        ImpactAssessment.objects.filter(pk=row.pk).update(risk="高")
    with pytest.raises(DatabaseError), transaction.atomic():
        ImpactAssessment.objects.filter(pk=row.pk).delete()
    now, day = timezone.now(), timedelta(days=1)
    for ends, is_gone in ((now + day, False), (now - day, True)):
        kept = an_assessment(
            cast, Activity.ENTRUSTING, signed_by=cast.hq, signed_at=ends - timedelta(days=1100),
            valid_until=date(2024, 1, 1), retain_until=ends,
        )  # fmt: skip
        with transaction.atomic():
            try:
                with transaction.atomic():
                    ImpactAssessment.objects.filter(pk=kept.pk).delete()
            except DatabaseError:
                pass
        assert ImpactAssessment.objects.filter(pk=kept.pk).exists() is not is_gone
    with pytest.raises(DatabaseError), transaction.atomic():
        an_assessment(
            cast, Activity.ENTRUSTING, signed_by=cast.hq, signed_at=now,
            valid_until=date(2030, 1, 1), retain_until=now + timedelta(days=3 * 365 - 1),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("people", "loss", "grade"),
    [(999_999, 0, "ordinary"), (1_000_000, 0, "large"), (0, 499_999_999, "ordinary"),
     (0, 500_000_000, "large")],
)  # fmt: skip
def test_grade_and_clock_follow_from_the_figures(people: int, loss: int, grade: str) -> None:
    known = timezone.now()
    found = severity_of(
        people=people, sensitive_people=0, loss_minor=loss, is_defect=False, known_at=known
    )
    assert found.grade == grade
    assert found.report_due_at == (known + timedelta(hours=4) if grade == "large" else None)


def test_the_clock_runs_from_knowing_whatever_a_workers_clock_says(cast: Cast) -> None:
    for drift in (timedelta(minutes=-10), timedelta(0), timedelta(minutes=10)):
        known = timezone.now() + drift
        row = duties.save_incident(
            Incident(kind=IncidentKind.LEAK, title="x", known_at=known, people=1_000_000),
            by=TESTER,
        )
        assert row.report_due_at == known + timedelta(hours=4)
    defect = duties.save_incident(Incident(kind=IncidentKind.DEFECT, title="y"), by=TESTER)
    assert defect.report_due_at == defect.known_at + timedelta(hours=24)
    at = defect.known_at + timedelta(hours=5)
    assert sum("已超时" in line.why for line in alarms_at(at)) == 3


def test_an_incident_ends_with_report_notice_cause_and_measures(cast: Cast) -> None:
    row = duties.save_incident(
        Incident(kind=IncidentKind.LEAK, title="x", people=2_000_000), by=TESTER
    )
    for field, value in (
        ("cause", "口令泄露"), ("measures", "停用账号"), ("reported_at", timezone.now()),
    ):  # fmt: skip
        with pytest.raises(IncidentIncomplete):
            duties.close_incident(row.pk, by=TESTER)
        setattr(row, field, value)
        row.save()
    with pytest.raises(IncidentIncomplete):
        duties.close_incident(row.pk, by=TESTER)
    row.not_notified_because = "数据已加密，没有危害"
    row.save()
    assert duties.close_incident(row.pk, by=TESTER).closed_at is not None


def test_whom_an_account_saw_between_two_moments_is_known(cast: Cast) -> None:
    """Simulated incidents against their own truth (L-34)."""
    chance, now = random.Random(34), timezone.now()  # noqa: S311 - a test's dice
    for round_ in range(10):
        actor = f"account:{round_}"
        times = [now - timedelta(minutes=chance.randrange(600)) for _ in range(40)]
        AccessLog.objects.bulk_create(
            [
                AccessLog(actor=chance.choice((actor, "account:other")), member_no=number,
                          fields=["phone"], reason="delivery", at=at)
                for number, at in enumerate(times)
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        since, until = now - timedelta(minutes=400), now - timedelta(minutes=100)
        with connection.cursor() as cursor:
            cursor.execute("SELECT member_no, actor, at FROM members_accesslog")
            truth = {
                no for no, who, at in cursor.fetchall() if who == actor and since <= at <= until
            }
        assert duties.affected_by(actor, since=since, until=until) == sorted(truth)


def test_the_people_concerned_are_listed_and_the_list_is_registered(cast: Cast) -> None:
    by, now = actor_of_guide(cast.lin), timezone.now()
    reveal_phone(cast.chen.pk, reason="delivery", by=by)
    disclose(
        what="own_copy", recipient="x", purpose="y", fields=["z"], count=1, members=[77], by=by
    )
    row = Incident.objects.create(
        kind=IncidentKind.LEAK, title="账号被盗", actor=str(by), kinds="手机号",
        began_at=now - timedelta(hours=1), ended_at=now + timedelta(hours=1), cause="口令泄露",
    )  # fmt: skip
    assert [member.pk for member in duties.affected_list(row, by=TESTER)] == [cast.chen.pk]
    assert row.began_at is not None
    assert Disclosure.objects.filter(what="incident_list").count() == 1
    assert "口令泄露" in duties.report_of(row)
    assert cast.entity.contact in duties.notice_of(row, cast.entity)


@pytest.mark.parametrize(
    ("people", "told"),
    [(899_999, []), (900_000, [False]), (999_999, [False]), (1_000_000, [True]),
     (8_999_999, [True]), (9_000_000, [True, False]), (10_000_000, [True, True])],
)  # fmt: skip
def test_thresholds_are_told_of_before_they_are_passed(people: int, told: list[bool]) -> None:
    assert [is_over for _, is_over in passed(people)] == told


def test_heads_are_counted_and_alarms_stand_on_the_start_page(cast: Cast) -> None:
    disclose(
        what="transfer_elsewhere", recipient="HQ", purpose="x", fields=["y"], count=1,
        members=[cast.chen.pk], country="FR", by=TESTER,
    )  # fmt: skip
    today = timezone.localdate()
    for _ in range(2):
        assert duties.count_heads(on=today, by=TESTER) == LegalEntity.objects.count()
    row = Headcount.objects.get(entity=cast.entity)
    assert (row.people, row.abroad) == (1, 1)
    assert alarms_at(timezone.now()) == []
    Headcount.objects.filter(pk=row.pk).update(people=900_000, abroad=alarm_at(100_000))
    assert len(alarms_at(timezone.now())) == 2


def test_the_self_audit_counts_what_the_records_say(cast: Cast, tmp_path: object) -> None:
    """Every number of the pack counted again by another way (L-31)."""
    grant(cast.chen, "profiling", "birthday")
    other = a_member("李雯", owner=cast.lin, store=cast.guomao)
    for member in (cast.chen, other):
        reveal_phone(member.pk, reason="refund", by=actor_of_guide(cast.lin))
    done = open_request(cast.chen.pk, "access", by=TESTER)
    SubjectRequest.objects.filter(pk=done.pk).update(state="checked", checked_at=timezone.now())
    answer_request(done.pk, result="已答复", by=TESTER)
    refuse_request(open_request(other.pk, "copy", by=TESTER).pk, because="无法核实", by=TESTER)
    now = timezone.now()
    pack = pack_of(Period(now - timedelta(days=1), now + timedelta(days=1)))
    requests = list(SubjectRequest.objects.all())
    assert sum(line["count"] for line in pack["requests"]["opened"]) == len(requests) == 2
    assert pack["requests"]["in_time"] == sum(row.closed_at <= row.due_at for row in requests)  # type: ignore[operator]
    assert pack["requests"]["late"] == 0
    assert pack["requests"]["refused_because"] == ["无法核实"]
    decided = [(row.purpose, row.decision) for row in ConsentEvent.objects.all()]
    assert {(line["purpose"], line["decision"]): line["count"] for line in pack["consents"]} == {
        pair: decided.count(pair) for pair in decided
    }
    looks = list(AccessLog.objects.all())
    assert (pack["looks"]["count"], pack["looks"]["members"]) == (
        len(looks), len({row.member_no for row in looks}),
    )  # fmt: skip
    empty = pack_of(Period(now - timedelta(days=9), now - timedelta(days=8)))
    assert empty["looks"]["count"] == 0
    assert empty["requests"]["opened"] == []
    file = f"{tmp_path}/pack.json"
    call_command("privacy_audit", "--from", "2026-01-01", "--until", "2099-01-01", "--file", file)


def test_pages_of_compliance_open(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    row = duties.save_incident(Incident(kind=IncidentKind.LEAK, title="演练"), by=TESTER)
    base = "/admin/members/"
    for address in (
        "recipient/inventory/", "recipient/audit/", "recipient/audit/?as=file",
        f"incident/{row.pk}/papers/", "incident/add/", "impactassessment/add/", "accesslog/",
        "disclosure/", "erasure/", "retentionreport/", "headcount/", "recipient/add/",
        "inactivitywarning/", "subjectrequest/add/",
    ):  # fmt: skip
        assert client.get(f"{base}{address}").status_code == 200, address
    assert "手机号" in Client().get("/privacy/lists/").content.decode()


def test_a_loss_is_written_in_yuan_and_kept_in_fen(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    said = {
        "title": "口令泄露", "kind": "leak", "known_at_0": "2026-11-20", "known_at_1": "10:00",
        "people": "3", "sensitive_people": "0", "loss": "5000000.50", "began_at_0": "",
        "began_at_1": "", "ended_at_0": "", "ended_at_1": "",
    }  # fmt: skip
    assert client.post("/admin/members/incident/add/", said).status_code == 302
    row = Incident.objects.get()
    assert (row.loss, row.grade) == (500_000_050, "large")
    page = client.get(f"/admin/members/incident/{row.pk}/change/").content.decode()
    assert 'value="5000000.5' in page
    papers = f"/admin/members/incident/{row.pk}/papers/"
    assert papers in page
    assert duties.OPEN in client.get(papers).content.decode()


def test_an_account_is_named_as_people_know_it(cast: Cast) -> None:
    field = WhoseAccount(required=False)
    held = field.clean("G001")
    assert held == str(actor_of_guide(cast.lin))
    assert field.prepare_value(held) == "G001"
    assert field.clean(held) == held
    assert field.clean("") == ""
    with pytest.raises(ValidationError):
        field.clean("nobody")
