"""Import members from a file: `manage.py import_members FILE --entity NAME [--dry-run]`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kit.actions import scope_of
from kit.actor import Actor
from members.imports import actions
from members.imports.errors import ImportRefused
from members.imports.models import ImportFault, ImportState, MemberImport
from members.imports.working import carry_on
from stores.org.models import LegalEntity

_BY = Actor.system("import_members")


class Command(BaseCommand):
    help = (
        "Import members from CSV or XLSX. Columns are recognised by their heads. A repeated import "
        "makes nobody twice; one that died halfway is carried on by the workers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--entity", default="", help="the legal entity, if there are several")
        parser.add_argument("--store", default="", help="the store of rows that name none")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")
        parser.add_argument("--most-errors", type=int, default=100)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as opened:
                batch = actions.bring(
                    opened,
                    name=options["file"].name,
                    entity=_entity(options["entity"]),
                    account=None,
                    by=_BY,
                )
            carry_on(batch.pk)
            batch = _again(batch)
            if batch.state == ImportState.FAILED:
                raise CommandError(batch.error)
            actions.map_columns(
                batch.pk, mapping=batch.mapping, store_code=options["store"], by=_BY
            )
            carry_on(batch.pk)
            self._tell("would be", _again(batch).tried)
            self._complain(batch, options["most_errors"])
            if options["dry_run"]:
                actions.drop(batch.pk, by=_BY)
                return
            actions.start(batch.pk, by=_BY)
            carry_on(batch.pk)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error}") from error
        except ImportRefused as fault:
            raise CommandError(fault.text) from fault
        self._tell("are", _again(batch).counts)

    def _tell(self, said: str, counted: dict[str, int]) -> None:
        told = ", ".join(f"{number} {what}" for what, number in sorted(counted.items()))
        self.stdout.write(f"rows {said}: {told or 'none'}")

    def _complain(self, batch: MemberImport, most: int) -> None:
        faults = ImportFault.objects.filter(batch=batch).order_by("row", "pk")[:most]
        for fault in faults:
            self.stderr.write(f"row {fault.row} · {fault.column} · {fault.text}")


def _again(batch: MemberImport) -> MemberImport:
    with scope_of(_BY):
        return MemberImport.objects.get(pk=batch.pk)


def _entity(name: str) -> LegalEntity:
    found = LegalEntity.objects.filter(name=name) if name else LegalEntity.objects.all()
    entities = list(found[:2])
    if len(entities) != 1:
        raise CommandError("name the legal entity with --entity")
    return entities[0]
