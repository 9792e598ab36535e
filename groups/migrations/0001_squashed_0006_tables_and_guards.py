"""All tables of this floor, and who may read and change their rows, until 0006.

Those replaced stay for databases that stand in between; a new one takes this step instead.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
import groups.pushes.codes
from django.conf import settings
from django.db import migrations, models

import kit.fields
from kit.guards import covers, row_scope, row_scope_through
from kit.migrations._tables import AtOnce

CONDITION = f"{covers(store='store_id', guide='owner_id')}"


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("groups", "0001_the_first_tables"),
        ("groups", "0002_row_scope"),
        ("groups", "0003_groups_pass_on"),
        ("groups", "0004_who_meets_a_group_transfer"),
        ("groups", "0005_groups_of_nobody"),
        ("groups", "0006_which_version_of_an_audience"),
    ]

    dependencies = [
        ("members", "0001_squashed_0030_tables_and_guards"),
        ("stores", "0001_squashed_0020_tables_and_guards"),
        ("kit", "0001_squashed_0005_tables_and_guards"),
    ]

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='Group',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('chat_id', models.CharField(max_length=64, unique=True, verbose_name='企微群 ID')),
                    ('name', models.CharField(blank=True, max_length=120, verbose_name='群名')),
                    ('state', models.CharField(choices=[('active', '正常'), ('dismissed', '已解散'), ('foreign', '群主不是导购')], default='active', max_length=9, verbose_name='状态')),
                    ('member_version', models.CharField(blank=True, max_length=64, verbose_name='成员版本')),
                    ('member_count', models.PositiveIntegerField(default=0, verbose_name='人数')),
                    ('customer_count', models.PositiveIntegerField(default=0, verbose_name='顾客数')),
                    ('founded_at', models.DateTimeField(blank=True, null=True, verbose_name='建群时间')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                    ('dismissed_at', models.DateTimeField(blank=True, null=True, verbose_name='解散时间')),
                    ('join_config_id', models.CharField(blank=True, max_length=64, verbose_name='群码编号')),
                    ('join_code_url', models.URLField(blank=True, max_length=500, verbose_name='群码图片')),
                    ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='owned_groups', to='stores.guide', verbose_name='群主')),
                    ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='groups', to='stores.store', verbose_name='门店')),
                ],
                options={
                    'verbose_name': '客户群',
                    'verbose_name_plural': '客户群',
                    'ordering': ('name',),
                    'indexes': [models.Index(fields=['owner', 'state'], name='groups_of_guide')],
                },
            ),
            migrations.CreateModel(
                name='GroupMember',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('person_id', models.CharField(max_length=64, verbose_name='企微身份')),
                    ('is_staff', models.BooleanField(default=False, verbose_name='员工')),
                    ('name', kit.fields.SealedTextField(null=True, verbose_name='昵称')),
                    ('join_scene', models.PositiveSmallIntegerField(choices=[(0, '未知'), (1, '被邀请'), (2, '邀请链接'), (3, '扫群码')], default=0, verbose_name='入群方式')),
                    ('join_state', models.CharField(blank=True, max_length=64, verbose_name='渠道')),
                    ('joined_at', models.DateTimeField(verbose_name='入群时间')),
                    ('left_at', models.DateTimeField(blank=True, null=True, verbose_name='退群时间')),
                    ('noticed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='得知时间')),
                    ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='members.contact', verbose_name='企微客户')),
                    ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stays', to='groups.group', verbose_name='群')),
                    ('member', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='members.member', verbose_name='会员')),
                ],
                options={
                    'verbose_name': '群成员',
                    'verbose_name_plural': '群成员',
                    'indexes': [models.Index(fields=['group', '-joined_at'], name='stays_newest_first'), models.Index(condition=models.Q(('left_at', None)), fields=['person_id'], name='stays_open_of_person')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('left_at', None)), fields=('group', 'person_id'), name='one_stay_at_a_time')],
                },
            ),
            migrations.CreateModel(
                name='Material',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('title', models.CharField(max_length=60, verbose_name='标题')),
                    ('kind', models.CharField(choices=[('text', '文字'), ('link', '图文链接'), ('image', '图片')], default='text', max_length=5, verbose_name='类型')),
                    ('state', models.CharField(choices=[('draft', '草稿'), ('approved', '已审核'), ('expired', '已过期')], default='draft', max_length=8, verbose_name='状态')),
                    ('valid_until', models.DateTimeField(blank=True, null=True, verbose_name='有效期至')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='创建时间')),
                    ('approved_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='审核时间')),
                    ('approved_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审核人')),
                    ('created_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='编写人')),
                ],
                options={
                    'verbose_name': '素材',
                    'verbose_name_plural': '素材',
                    'ordering': ('-created_at',),
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('approved_by__isnull', False), _connector='OR'), name='approved_by_somebody'), models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('created_by')), _negated=True), _connector='OR'), name='approved_by_a_second_person')],
                },
            ),
            migrations.CreateModel(
                name='Push',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('chat_type', models.CharField(choices=[('single', '一对一（会员）'), ('group', '客户群')], default='single', max_length=6, verbose_name='发到哪里')),
                    ('planned_for', models.DateTimeField(default=django.utils.timezone.now, verbose_name='计划发送时间')),
                    ('holdout_percent', models.PositiveSmallIntegerField(default=0, help_text='随机留出不发的会员，用来衡量群发真正带来的变化。', verbose_name='对照组比例（%）')),
                    ('state', models.CharField(choices=[('draft', '草稿'), ('planned', '已预演'), ('launched', '已发起'), ('cancelled', '已停止'), ('closed', '已结束')], default='draft', max_length=9, verbose_name='状态')),
                    ('plan', models.JSONField(default=dict, editable=False, verbose_name='预演结果')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='创建时间')),
                    ('planned_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='预演时间')),
                    ('launched_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='发起时间')),
                    ('ended_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='结束时间')),
                    ('audience', models.ForeignKey(blank=True, help_text='发到客户群时不选：群消息不能单独略过某位会员。', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pushes', to='members.audience', verbose_name='人群')),
                    ('created_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='创建人')),
                    ('material', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pushes', to='groups.material', verbose_name='素材')),
                    ('audience_version', models.PositiveIntegerField(editable=False, null=True, verbose_name='人群版本')),
                ],
                options={
                    'verbose_name': '群发',
                    'verbose_name_plural': '群发',
                    'ordering': ('-created_at',),
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('audience', None), ('chat_type', 'group')), models.Q(('audience__isnull', False), ('chat_type', 'single')), _connector='OR'), name='an_audience_for_members_none_for_groups', violation_error_message='发给会员要选人群；发到客户群不选人群。'), models.CheckConstraint(condition=models.Q(('holdout_percent__lte', 50)), name='holdout_at_most_half', violation_error_message='对照组最多一半。')],
                },
            ),
            migrations.CreateModel(
                name='Variant',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('tier', models.CharField(blank=True, choices=[('basic', '普卡'), ('silver', '银卡'), ('gold', '金卡'), ('diamond', '钻石卡')], max_length=8, verbose_name='等级')),
                    ('text', models.TextField(help_text='不超过 4000 字节（约 1300 个汉字）', verbose_name='文字')),
                    ('link_title', models.CharField(blank=True, max_length=60, verbose_name='链接标题')),
                    ('link_url', models.URLField(blank=True, max_length=500, verbose_name='链接地址')),
                    ('picture', models.FileField(blank=True, upload_to='materials', verbose_name='图片')),
                    ('material', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='variants', to='groups.material', verbose_name='素材')),
                    ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.product', verbose_name='商品')),
                ],
                options={
                    'verbose_name': '分层文案',
                    'verbose_name_plural': '分层文案',
                    'constraints': [models.UniqueConstraint(fields=('material', 'tier'), name='one_variant_per_tier'), models.CheckConstraint(condition=models.Q(('product', None), ('link_url', ''), _connector='OR'), name='one_target_of_a_variant')],
                },
            ),
            migrations.CreateModel(
                name='PushTask',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('members', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                    ('recipients', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list, size=None)),
                    ('size', models.PositiveIntegerField(verbose_name='人数')),
                    ('state', models.CharField(choices=[('waiting', '等待提交'), ('submitting', '提交中'), ('open', '等导购确认'), ('confirmed', '导购已确认'), ('cancelled', '已撤回'), ('expired', '已过期'), ('failed', '提交失败'), ('unknown', '结果不明')], default='waiting', max_length=10, verbose_name='状态')),
                    ('stopping_for', models.CharField(blank=True, choices=[('', '—'), ('withdrawn', '有会员撤回了授权'), ('quiet', '进入免打扰时段'), ('stopped', '总部停止了群发'), ('left', '导购离职')], max_length=9, verbose_name='撤回原因')),
                    ('msgid', models.CharField(blank=True, max_length=80, verbose_name='企微任务号')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='创建时间')),
                    ('due_at', models.DateTimeField(verbose_name='提交时间')),
                    ('expires_at', models.DateTimeField(verbose_name='有效期至')),
                    ('opened_at', models.DateTimeField(blank=True, null=True, verbose_name='到达导购')),
                    ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='导购确认时间')),
                    ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='结束时间')),
                    ('next_look_at', models.DateTimeField(blank=True, null=True, verbose_name='下次查结果')),
                    ('looks', models.PositiveSmallIntegerField(default=0, verbose_name='已查次数')),
                    ('error', models.CharField(blank=True, max_length=300, verbose_name='失败原因')),
                    ('guide', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='push_tasks', to='stores.guide', verbose_name='导购')),
                    ('made_again_from', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='made_again', to='groups.pushtask', verbose_name='重建自')),
                    ('push', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='groups.push', verbose_name='群发')),
                    ('variant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='groups.variant', verbose_name='分层文案')),
                ],
                options={
                    'verbose_name': '群发任务',
                    'verbose_name_plural': '群发任务',
                    'ordering': ('-created_at',),
                    'indexes': [django.contrib.postgres.indexes.GinIndex(condition=models.Q(('state__in', ['waiting', 'submitting', 'open', 'unknown'])), fields=['members'], name='live_tasks_of_member'), models.Index(fields=['guide', '-created_at'], name='tasks_of_guide_newest'), models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at'], name='tasks_to_submit'), models.Index(condition=models.Q(('next_look_at__isnull', False)), fields=['next_look_at'], name='tasks_to_look_at'), models.Index(condition=models.Q(('msgid', ''), _negated=True), fields=['msgid'], name='tasks_by_msgid'), models.Index(fields=['push', 'state'], name='tasks_of_push_by_state')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'open'), _negated=True), models.Q(('msgid', ''), _negated=True), _connector='OR'), name='an_open_task_has_its_number')],
                },
            ),
            migrations.CreateModel(
                name='Delivery',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('member_no', models.BigIntegerField(null=True, verbose_name='会员编号')),
                    ('recipient', models.CharField(max_length=64, verbose_name='企微收件人')),
                    ('state', models.CharField(choices=[('sent', '已送达'), ('not_friend', '已不是好友'), ('over_quota', '超出企微频率上限'), ('unsent', '未发送'), ('cancelled', '发送前撤回'), ('unknown', '结果不明')], max_length=10, verbose_name='结果')),
                    ('at', models.DateTimeField(verbose_name='时间')),
                    ('push', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='groups.push', verbose_name='群发')),
                    ('task', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='groups.pushtask', verbose_name='任务')),
                ],
                options={
                    'verbose_name': '发送明细',
                    'verbose_name_plural': '发送明细',
                    'indexes': [models.Index(fields=['member_no', '-at'], name='deliveries_of_member_newest')],
                    'constraints': [models.UniqueConstraint(fields=('push', 'recipient'), name='one_delivery_per_push'), models.UniqueConstraint(fields=('push', 'member_no'), name='one_delivery_per_push_and_member')],
                },
            ),
            migrations.CreateModel(
                name='TrackedLink',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(default=groups.pushes.codes.new_code, max_length=24, unique=True, verbose_name='代码')),
                    ('target', models.CharField(max_length=500, verbose_name='目标地址')),
                    ('guide', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tracked_links', to='stores.guide', verbose_name='导购')),
                    ('push', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to='groups.push', verbose_name='群发')),
                    ('task', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='link', to='groups.pushtask', verbose_name='任务')),
                ],
                options={
                    'verbose_name': '追踪链接',
                    'verbose_name_plural': '追踪链接',
                },
            ),
            migrations.CreateModel(
                name='LinkClick',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='时间')),
                    ('link', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clicks', to='groups.trackedlink', verbose_name='链接')),
                ],
                options={
                    'verbose_name': '链接打开',
                    'verbose_name_plural': '链接打开',
                },
            ),
            migrations.CreateModel(
                name='GroupTransfer',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('state', models.CharField(choices=[('asked', '已提交'), ('waiting', '等待生效'), ('done', '已换群主'), ('failed', '没有成功'), ('kept', '不转接')], default='asked', max_length=7, verbose_name='状态')),
                    ('is_settled', models.BooleanField(default=False, verbose_name='已处理')),
                    ('because', models.CharField(blank=True, max_length=60, verbose_name='原因')),
                    ('batch', models.CharField(blank=True, max_length=160)),
                    ('code', models.IntegerField(blank=True, null=True, verbose_name='企微错误码')),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='建立时间')),
                    ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='提交时间')),
                    ('next_look_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='结束时间')),
                    ('from_guide', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.guide', verbose_name='原群主')),
                    ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transfers', to='groups.group', verbose_name='客户群')),
                    ('hand_over', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='group_transfers', to='stores.handover', verbose_name='交接')),
                    ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store', verbose_name='门店')),
                    ('to_guide', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.guide', verbose_name='新群主')),
                ],
                options={
                    'verbose_name': '客户群转接',
                    'verbose_name_plural': '客户群转接',
                    'indexes': [models.Index(fields=['hand_over', 'state'], name='group_transfers_of_hand_over'), models.Index(condition=models.Q(('state__in', ['asked', 'waiting'])), fields=['next_look_at'], name='group_transfers_to_look_at'), models.Index(condition=models.Q(('state', 'done')), fields=['group', 'ended_at'], name='group_transfers_done')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'waiting'])), fields=('group',), name='one_transfer_of_a_group_at_a_time'), models.UniqueConstraint(condition=models.Q(('is_settled', False)), fields=('hand_over', 'group'), name='one_standing_transfer_per_group')],
                },
            ),
        ]),
        # Who meets which group and task: the guide they belong to, the store's manager, HQ.
        row_scope("groups_group", store="store_id", guide="owner_id"),
        row_scope_through("groups_groupmember", parent="groups_group", column="group_id"),
        row_scope("groups_pushtask", store="(SELECT g.store_id FROM stores_guide g WHERE g.id = guide_id)", guide="guide_id"),
        row_scope_through("groups_delivery", parent="groups_pushtask", column="task_id"),
        # Who meets a group's transfer, and that a stand-in meets the groups of a guide on leave.
        row_scope("groups_grouptransfer", store="store_id", guide="to_guide_id"),
        migrations.RunSQL(
            f"""ALTER POLICY groups_group_scope ON groups_group USING ({CONDITION} OR owner_id IN (SELECT h.guide_id FROM stores_handovershare s
    JOIN stores_handover h ON h.id = s.hand_over_id
    WHERE s.successor_id = NULLIF(current_setting('scope.guide', true), '')::bigint
      AND h.reason = 'leave' AND h.state = 'decided' AND h.starts_at <= statement_timestamp()
      AND (h.ends_at IS NULL OR h.ends_at > statement_timestamp())))""",
            f"ALTER POLICY groups_group_scope ON groups_group USING ({CONDITION})",
        ),
    ]
