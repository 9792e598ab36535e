"""All tables of this floor, and who may read and change their rows, until 0005.

Those replaced stay for databases that stand in between; a new one takes this step instead.
"""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import kit.fields
from kit.guards import REFUSAL_FUNCTION, TIME_FUNCTION
from kit.migrations._tables import AtOnce


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("kit", "0001_the_first_tables"),
        ("kit", "0002_scope_and_refusal"),
        ("kit", "0003_what_was_given_up"),
        ("kit", "0004_what_may_go_by_time"),
        ("kit", "0005_keys_of_what_was_forgotten"),
    ]

    dependencies = []

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='DomainEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('kind', models.CharField(max_length=120)),
                    ('subject', models.CharField(blank=True, max_length=120)),
                    ('payload', models.JSONField(default=dict)),
                    ('actor', models.CharField(max_length=120)),
                    ('once', models.CharField(max_length=160, null=True, unique=True)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ],
                options={
                    'indexes': [models.Index(fields=['subject', 'id'], name='events_of_subject')],
                },
            ),
            migrations.CreateModel(
                name='JobSlot',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('job', models.CharField(max_length=80)),
                    ('slot', models.DateTimeField()),
                    ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('done_at', models.DateTimeField(null=True)),
                    ('error', models.TextField(blank=True)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('job', 'slot'), name='one_run_per_job_and_slot')],
                },
            ),
            migrations.CreateModel(
                name='Handling',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('handler', models.CharField(max_length=160)),
                    ('subject', models.CharField(blank=True, max_length=120)),
                    ('state', models.CharField(choices=[('waiting', '等待'), ('claimed', '处理中'), ('done', '完成'), ('parked', '已搁置')], default='waiting', max_length=8)),
                    ('attempts', models.PositiveSmallIntegerField(default=0)),
                    ('next_try_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('claimed_at', models.DateTimeField(null=True)),
                    ('error', models.TextField(blank=True)),
                    ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='handlings', to='kit.domainevent')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'claimed'])), fields=['next_try_at'], name='handlings_due'), models.Index(condition=models.Q(('state__in', ['waiting', 'claimed'])), fields=['handler', 'subject', 'id'], name='handlings_open_in_order'), models.Index(condition=models.Q(('state', 'parked')), fields=['handler'], name='handlings_parked')],
                    'constraints': [models.UniqueConstraint(fields=('event', 'handler'), name='one_handling_per_handler')],
                },
            ),
            migrations.CreateModel(
                name='OnceKey',
                fields=[
                    ('digest', models.UUIDField(primary_key=True, serialize=False)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ],
                options={
                    'indexes': [django.contrib.postgres.indexes.BrinIndex(fields=['at'], name='once_keys_by_age')],
                },
            ),
        ]),
        # The SQL function that append-only triggers call.
        REFUSAL_FUNCTION,
        # Records that nobody changes, and that end when the law lets them.
        TIME_FUNCTION,
    ]
