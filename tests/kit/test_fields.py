"""Sealed fields fail closed, ids are sortable and opaque, blind indexes do not cross entities."""

from __future__ import annotations

import base64
import uuid

import pytest
from django.conf import LazySettings
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from kit.fields import DecryptError, blind_index, new_public_id, read_id, seal, shown_id, unseal
from members.identity.models import Member
from tests.cast import Cast, a_member


@given(st.text(max_size=200), st.text(max_size=40))
def test_what_was_sealed_opens_only_where_it_belongs(text: str, place: str) -> None:
    sealed = seal(text, place)
    assert unseal(sealed, place) == text
    with pytest.raises(DecryptError):
        unseal(sealed, place + "x")


@given(st.integers(min_value=0, max_value=60), st.integers(min_value=0, max_value=7))
def test_one_altered_bit_is_refused(position: int, bit: int) -> None:
    sealed = bytearray(seal("13800000001", "here"))
    sealed[position % len(sealed)] ^= 1 << bit
    with pytest.raises(DecryptError):
        unseal(bytes(sealed), "here")


def test_the_old_key_still_opens_and_a_missing_one_does_not(settings: LazySettings) -> None:
    old, new = (f"{n}:{base64.b64encode(n.encode() * 16).decode()}" for n in ("k1", "k2"))
    settings.FIELD_KEYS = old
    sealed = seal("陈静", "here")
    settings.FIELD_KEYS = f"{new},{old}"
    assert unseal(sealed, "here") == "陈静"
    assert seal("陈静", "here")[1:3] == b"k2"
    settings.FIELD_KEYS = new
    with pytest.raises(DecryptError):
        unseal(sealed, "here")


def test_the_column_holds_no_readable_name(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone FROM members_member WHERE id = %s", [cast.chen.pk])
        name, phone = (bytes(value) for value in cursor.fetchone())
    assert "陈静".encode() not in name
    assert b"13800000001" not in phone
    found = Member.objects.get(pk=cast.chen.pk)
    assert (found.name, found.phone) == ("陈静", "+8613800000001")


def test_two_members_phones_cannot_be_swapped_unnoticed(cast: Cast) -> None:
    other = a_member("李雯", owner=cast.lin, store=cast.guomao, phone="+8613800000002")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_member SET phone = (SELECT phone FROM members_member WHERE id = %s)"
            " WHERE id = %s",
            [other.pk, cast.chen.pk],
        )
    with pytest.raises(DecryptError):
        _ = Member.objects.get(pk=cast.chen.pk).phone


def test_a_sealed_field_is_neither_filtered_nor_updated(cast: Cast) -> None:
    with pytest.raises(TypeError, match="sealed"):
        list(Member.objects.filter(name="陈静"))
    with pytest.raises(TypeError, match="sealed"):
        Member.objects.update(name="陈静")


def test_nothing_stays_nothing(cast: Cast) -> None:
    member = a_member("无名", owner=None, store=cast.guomao)
    assert Member.objects.get(pk=member.pk).phone is None


@given(st.uuids())
def test_shown_ids_are_22_characters_and_come_back(value: uuid.UUID) -> None:
    assert len(shown_id(value)) == 22
    assert read_id(shown_id(value)) == value


def test_public_ids_are_version_7_and_in_order_of_time() -> None:
    first, second = new_public_id(), new_public_id()
    assert first.version == second.version == 7
    assert first.int >> 80 <= second.int >> 80


def test_a_blind_index_is_of_one_entity() -> None:
    assert blind_index("phone", "+8613800000001", within="a") != blind_index(
        "phone", "+8613800000001", within="b"
    )
