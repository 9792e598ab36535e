"""All tables of this floor, and who may read and change their rows, until 0003.

Those replaced stay for databases that stand in between; a new one takes this step instead.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import kit.fields
from kit.guards import covers, row_scope
from kit.migrations._tables import AtOnce

CONDITION = f"{covers(store='store_id', guide='guide_id')}"

ON_LEAVE = """(SELECT h.guide_id FROM stores_handovershare s
    JOIN stores_handover h ON h.id = s.hand_over_id
    WHERE s.successor_id = NULLIF(current_setting('scope.guide', true), '')::bigint
      AND h.reason = 'leave' AND h.state = 'decided' AND h.starts_at <= statement_timestamp()
      AND (h.ends_at IS NULL OR h.ends_at > statement_timestamp()))"""


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("bot", "0001_the_first_tables"),
        ("bot", "0002_row_scope"),
        ("bot", "0003_a_stand_in_answers"),
    ]

    dependencies = [
        ("groups", "0001_squashed_0006_tables_and_guards"),
        ("members", "0001_squashed_0030_tables_and_guards"),
        ("stores", "0001_squashed_0020_tables_and_guards"),
        ("kit", "0001_squashed_0005_tables_and_guards"),
    ]

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='ChannelCursor',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('channel', models.CharField(max_length=80, unique=True, verbose_name='渠道')),
                    ('position', models.CharField(blank=True, max_length=128, verbose_name='位置')),
                    ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ],
                options={
                    'verbose_name': '读取进度',
                    'verbose_name_plural': '读取进度',
                },
            ),
            migrations.CreateModel(
                name='Article',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('question', models.CharField(max_length=120, unique=True, verbose_name='问题')),
                    ('phrasings', models.JSONField(blank=True, default=list, verbose_name='其他问法')),
                    ('answer', models.TextField(help_text='可用：{store_name} {asked_day} {store_hours} {store_hours_today} {store_address} {store_phone}', max_length=600, verbose_name='回答')),
                    ('topic', models.CharField(blank=True, max_length=30, verbose_name='主题')),
                    ('is_private', models.BooleanField(default=False, verbose_name='涉及个人，请顾客私聊')),
                    ('state', models.CharField(choices=[('draft', '待审批'), ('approved', '已生效'), ('muted', '已停用'), ('expired', '已过期')], default='draft', max_length=8, verbose_name='状态')),
                    ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='审批时间')),
                    ('expires_on', models.DateField(blank=True, null=True, verbose_name='有效期至')),
                    ('muted_because', models.CharField(blank=True, max_length=120, verbose_name='停用原因')),
                    ('updated_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='更新时间')),
                    ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审批人')),
                    ('written_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='撰写人')),
                ],
                options={
                    'verbose_name': '知识条目',
                    'verbose_name_plural': '知识条目',
                    'ordering': ('topic', 'question'),
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('approved_by__isnull', False), _connector='OR'), name='article_approved_by_somebody'), models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('written_by')), _negated=True), _connector='OR'), name='article_approved_by_a_second_person')],
                },
            ),
            migrations.CreateModel(
                name='HeardMessage',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('heard_on', models.CharField(choices=[('archive', '会话存档'), ('kf', '微信客服')], max_length=8, verbose_name='来源')),
                    ('msgid', models.CharField(max_length=128, unique=True, verbose_name='消息 ID')),
                    ('open_kfid', models.CharField(blank=True, max_length=64, verbose_name='客服账号')),
                    ('sender', models.CharField(max_length=64, verbose_name='发言人')),
                    ('is_staff', models.BooleanField(default=False, verbose_name='员工')),
                    ('text', kit.fields.SealedTextField(null=True, verbose_name='原话')),
                    ('is_text_withheld', models.BooleanField(default=False, verbose_name='未获同意，原话不存')),
                    ('decision', models.CharField(choices=[('answer', '小助手回答'), ('draft', '写好待发'), ('escalate', '转人工'), ('silence', '不插话')], max_length=8, verbose_name='处理')),
                    ('reason', models.CharField(blank=True, max_length=12, verbose_name='原因')),
                    ('probability', models.FloatField(blank=True, null=True, verbose_name='把握')),
                    ('said_at', models.DateTimeField(verbose_name='说话时间')),
                    ('heard_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='听到时间')),
                    ('article', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bot.article', verbose_name='知识条目')),
                    ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='members.contact', verbose_name='企微客户')),
                    ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='groups.group', verbose_name='客户群')),
                    ('guide', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.guide', verbose_name='导购')),
                    ('store', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store', verbose_name='门店')),
                ],
                options={
                    'verbose_name': '听到的消息',
                    'verbose_name_plural': '听到的消息',
                    'indexes': [models.Index(fields=['group', '-said_at'], name='heard_in_group_newest'), models.Index(fields=['heard_at'], name='heard_by_age')],
                },
            ),
            migrations.CreateModel(
                name='Escalation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('open_kfid', models.CharField(blank=True, max_length=64, verbose_name='客服账号')),
                    ('reason', models.CharField(max_length=12, verbose_name='原因')),
                    ('state', models.CharField(choices=[('open', '等人接'), ('rerouted', '已转店长'), ('taken', '有人在答'), ('answered', '已答复'), ('closed', '已关闭')], default='open', max_length=8, verbose_name='状态')),
                    ('opened_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='转来时间')),
                    ('deadline', models.DateTimeField(verbose_name='答复期限')),
                    ('rerouted_at', models.DateTimeField(blank=True, null=True, verbose_name='转店长时间')),
                    ('taken_at', models.DateTimeField(blank=True, null=True, verbose_name='接手时间')),
                    ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='答复时间')),
                    ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='groups.group', verbose_name='客户群')),
                    ('guide', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.guide', verbose_name='先问的导购')),
                    ('holder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.guide', verbose_name='现在找谁')),
                    ('reference', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bot.article', verbose_name='可参考')),
                    ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store', verbose_name='门店')),
                    ('heard', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='escalation', to='bot.heardmessage', verbose_name='问题')),
                ],
                options={
                    'verbose_name': '转人工',
                    'verbose_name_plural': '转人工',
                    'ordering': ('-opened_at',),
                    'indexes': [models.Index(condition=models.Q(('state__in', ['open', 'rerouted', 'taken'])), fields=['holder', 'deadline'], name='escalations_of_holder'), models.Index(condition=models.Q(('state', 'open')), fields=['deadline'], name='escalations_overdue')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'taken'), _negated=True), ('taken_at__isnull', False), _connector='OR'), name='taken_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'answered'), _negated=True), ('answered_at__isnull', False), _connector='OR'), name='answered_at_a_time')],
                },
            ),
            migrations.CreateModel(
                name='Draft',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('text', models.TextField(verbose_name='回答')),
                    ('facts', models.JSONField(default=list, verbose_name='用到的资料')),
                    ('leads_out', models.BooleanField(default=False, verbose_name='请她私聊')),
                    ('state', models.CharField(choices=[('waiting', '等你发出'), ('sent', '已发出'), ('dismissed', '没有采用'), ('expired', '过了时候')], default='waiting', max_length=9, verbose_name='状态')),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='写好时间')),
                    ('expires_at', models.DateTimeField(verbose_name='有效至')),
                    ('copied_at', models.DateTimeField(blank=True, null=True, verbose_name='复制时间')),
                    ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='发出时间')),
                    ('sent_through', models.CharField(blank=True, choices=[('sidebar', '侧边栏'), ('heard', '群里听到')], max_length=7, verbose_name='发出方式')),
                    ('edited_text', kit.fields.SealedTextField(null=True, verbose_name='改后的话')),
                    ('dismissed_at', models.DateTimeField(blank=True, null=True, verbose_name='放下时间')),
                    ('article', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='bot.article', verbose_name='知识条目')),
                    ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='groups.group', verbose_name='客户群')),
                    ('guide', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.guide', verbose_name='导购')),
                    ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store', verbose_name='门店')),
                    ('heard', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='draft', to='bot.heardmessage', verbose_name='问题')),
                ],
                options={
                    'verbose_name': '待发回复',
                    'verbose_name_plural': '待发回复',
                    'ordering': ('-made_at',),
                    'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['guide', '-made_at'], name='drafts_waiting_for_guide'), models.Index(condition=models.Q(('state', 'waiting')), fields=['group', '-made_at'], name='drafts_waiting_in_group'), models.Index(fields=['article', '-made_at'], name='drafts_of_article')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='sent_at_a_time')],
                },
            ),
            migrations.CreateModel(
                name='KfAccount',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('open_kfid', models.CharField(max_length=64, unique=True, verbose_name='客服账号 ID')),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('answers', models.BooleanField(default=True, verbose_name='小助手自动回答')),
                    ('guide', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.guide', verbose_name='接待导购')),
                    ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store', verbose_name='门店')),
                ],
                options={
                    'verbose_name': '微信客服账号',
                    'verbose_name_plural': '微信客服账号',
                },
            ),
        ]),
        # Who meets what was heard, drafts and escalations: the group's owner, the store's managers, HQ.
        row_scope("bot_heardmessage", store="store_id", guide="guide_id"),
        row_scope("bot_draft", store="store_id", guide="guide_id"),
        row_scope("bot_escalation", store="store_id", guide="guide_id"),
        # While a guide is on leave, her stand-in meets the questions and drafts that are hers.
        migrations.RunSQL(
            f"ALTER POLICY bot_heardmessage_scope ON bot_heardmessage USING ({CONDITION} OR guide_id IN {ON_LEAVE})",
            f"ALTER POLICY bot_heardmessage_scope ON bot_heardmessage USING ({CONDITION})",
        ),
        migrations.RunSQL(
            f"ALTER POLICY bot_draft_scope ON bot_draft USING ({CONDITION} OR guide_id IN {ON_LEAVE})",
            f"ALTER POLICY bot_draft_scope ON bot_draft USING ({CONDITION})",
        ),
        migrations.RunSQL(
            f"ALTER POLICY bot_escalation_scope ON bot_escalation USING ({CONDITION} OR guide_id IN {ON_LEAVE})",
            f"ALTER POLICY bot_escalation_scope ON bot_escalation USING ({CONDITION})",
        ),
    ]
