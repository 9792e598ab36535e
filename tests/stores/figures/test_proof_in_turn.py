"""A proof is carried on by one worker at a time; the others find it in hand and go on."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from stores.figures.keeping import KEEPER, begin_proof, carry_on_proofs
from tests.cast import make_cast
from tests.servers import TestServers


@pytest.mark.django_db(transaction=True)
def test_whoever_finds_a_proof_in_other_hands_goes_on(servers: TestServers) -> None:
    """The sweep calls again and again: no worker may stand in line for a portion."""
    make_cast()
    at = timezone.now()
    proof = begin_proof(at=at, by=KEEPER)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
    with psycopg.connect(servers.owner_url) as other:
        other.execute("SELECT 1 FROM stores_figureproof WHERE id = %s FOR UPDATE", [proof.pk])
        assert carry_on_proofs(at) == 0
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
    assert carry_on_proofs(at, portions=1) == 1
