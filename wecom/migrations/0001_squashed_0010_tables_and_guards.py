"""All tables of this floor, and who may read and change their rows, until 0010.

Those replaced stay for databases that stand in between; a new one takes this step instead.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import kit.fields
from kit.guards import row_scope
from kit.migrations._tables import AtOnce

OPEN_SWEEPS = """
CREATE UNIQUE INDEX one_open_sweep_per_kind ON wecom_sweep (kind) WHERE state::text = ANY (
  ARRAY[('running'::varchar)::text, ('paused'::varchar)::text])
"""


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("wecom", "0001_the_first_tables"),
        ("wecom", "0002_a_lighter_inbox"),
        ("wecom", "0003_pauses_and_many_kinds"),
        ("wecom", "0004_mirrors_and_sweeps"),
        ("wecom", "0005_a_page_of_health"),
        ("wecom", "0006_links_moments_and_what_may_be_heard"),
        ("wecom", "0007_who_meets_customers_of_wecom"),
        ("wecom", "0008_wishes_are_forgotten"),
        ("wecom", "0009_due_by_application"),
        ("wecom", "0010_corp_tags_of_ours"),
    ]

    dependencies = []

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='InboxMessage',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('app', models.CharField(max_length=40, verbose_name='应用')),
                    ('digest', models.BinaryField(max_length=32, unique=True)),
                    ('body', models.TextField(verbose_name='内容')),
                    ('received_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='收到时间')),
                    ('repeats', models.PositiveIntegerField(default=0, verbose_name='重复次数')),
                    ('last_repeat_at', models.DateTimeField(null=True, verbose_name='最近重复')),
                    ('state', models.CharField(choices=[('waiting', '等待读取'), ('again', '重复到达，待再看一次'), ('done', '已处理'), ('parked', '已搁置')], default='waiting', max_length=8, verbose_name='状态')),
                    ('kind', models.CharField(blank=True, max_length=120, verbose_name='类型')),
                    ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='尝试次数')),
                    ('error', models.TextField(blank=True, verbose_name='错误')),
                ],
                options={
                    'verbose_name': '回调收件箱',
                    'verbose_name_plural': '回调收件箱',
                    'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'again'])), fields=['id'], name='inbox_to_read'), django.contrib.postgres.indexes.BrinIndex(fields=['received_at'], name='inbox_by_age'), models.Index(condition=models.Q(('state', 'parked')), fields=['kind'], name='inbox_parked'), models.Index(condition=models.Q(('kind__startswith', 'wecom.unknown.')), fields=['kind'], name='inbox_unknown')],
                },
            ),
            migrations.CreateModel(
                name='OutboxRow',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('public_id', kit.fields.PublicIdField()),
                    ('kind', models.CharField(choices=[('welcome', '欢迎语'), ('mass_send', '群发任务'), ('mass_send_cancel', '停止群发'), ('mass_send_remind', '提醒群发'), ('app_message', '应用消息'), ('kf_message', '客服消息'), ('contact_way', '联系我二维码'), ('contact_way_change', '修改联系我二维码'), ('contact_way_delete', '删除联系我二维码'), ('join_way', '入群二维码'), ('join_way_change', '修改入群二维码'), ('customer_transfer', '客户继承'), ('group_transfer', '客户群继承'), ('tag_mark', '打标签'), ('corp_tag', '新建企业标签'), ('corp_tag_change', '修改企业标签'), ('corp_tag_delete', '删除企业标签'), ('remark', '修改备注'), ('moment', '朋友圈任务'), ('moment_cancel', '停止朋友圈任务'), ('group_welcome', '入群欢迎语素材')], max_length=20, verbose_name='类型')),
                    ('app', models.CharField(default='main', max_length=40, verbose_name='应用')),
                    ('payload', models.JSONField(verbose_name='内容')),
                    ('once', models.CharField(max_length=160, unique=True, verbose_name='幂等键')),
                    ('subject', models.CharField(blank=True, max_length=120, verbose_name='对象')),
                    ('priority', models.PositiveSmallIntegerField(default=5, verbose_name='优先级')),
                    ('state', models.CharField(choices=[('planned', '待发送'), ('sending', '发送中'), ('sent', '已完成'), ('failed', '失败'), ('missed', '已错过时限'), ('unknown', '结果不明'), ('vetoed', '发送前被拦下'), ('cancelled', '已取消')], default='planned', max_length=9, verbose_name='状态')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='建立时间')),
                    ('due_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='计划时间')),
                    ('expires_at', models.DateTimeField(null=True, verbose_name='最晚时间')),
                    ('next_try_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='下次尝试')),
                    ('nudged_at', models.DateTimeField(null=True, verbose_name='上次提醒')),
                    ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='尝试次数')),
                    ('claim', models.UUIDField(null=True, verbose_name='占用号')),
                    ('claimed_at', models.DateTimeField(null=True, verbose_name='占用时间')),
                    ('ask_at', models.DateTimeField(null=True, verbose_name='何时向企微查证')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='结束时间')),
                    ('answer', models.JSONField(default=dict, verbose_name='回执')),
                    ('error', models.TextField(blank=True, verbose_name='错误')),
                    ('error_code', models.IntegerField(null=True, verbose_name='错误码')),
                ],
                options={
                    'verbose_name': '企微发件箱',
                    'verbose_name_plural': '企微发件箱',
                    'indexes': [models.Index(condition=models.Q(('state', 'sending')), fields=['ask_at'], name='outbox_to_ask'), models.Index(models.F('answer__msgid'), condition=models.Q(('kind', 'mass_send'), ('state', 'sent')), name='outbox_of_msgid'), models.Index(condition=models.Q(('state__in', ['failed', 'unknown', 'missed'])), fields=['kind', 'state'], name='outbox_to_look_at'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['ended_at'], name='outbox_by_end'), models.Index(condition=models.Q(('state', 'planned')), fields=['kind', 'app', 'priority', 'next_try_at'], name='outbox_due_of_kind_and_app'), models.Index(condition=models.Q(('expires_at__isnull', False), ('state', 'planned')), fields=['expires_at'], name='outbox_by_last_moment')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'sending'), _negated=True), models.Q(('claim__isnull', False), ('claimed_at__isnull', False)), _connector='OR'), name='who_is_sending_is_known')],
                },
            ),
            migrations.CreateModel(
                name='OutboxPause',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('app', models.CharField(max_length=40, verbose_name='应用')),
                    ('kind', models.CharField(blank=True, choices=[('welcome', '欢迎语'), ('mass_send', '群发任务'), ('mass_send_cancel', '停止群发'), ('mass_send_remind', '提醒群发'), ('app_message', '应用消息'), ('kf_message', '客服消息'), ('contact_way', '联系我二维码'), ('contact_way_change', '修改联系我二维码'), ('contact_way_delete', '删除联系我二维码'), ('join_way', '入群二维码'), ('join_way_change', '修改入群二维码'), ('customer_transfer', '客户继承'), ('group_transfer', '客户群继承'), ('tag_mark', '打标签'), ('corp_tag', '新建企业标签'), ('corp_tag_change', '修改企业标签'), ('corp_tag_delete', '删除企业标签'), ('remark', '修改备注'), ('moment', '朋友圈任务'), ('moment_cancel', '停止朋友圈任务'), ('group_welcome', '入群欢迎语素材')], max_length=20, verbose_name='类型')),
                    ('since', models.DateTimeField(default=django.utils.timezone.now, verbose_name='暂停时间')),
                    ('by', models.CharField(max_length=120, verbose_name='操作人')),
                    ('reason', models.CharField(max_length=200, verbose_name='原因')),
                ],
                options={
                    'verbose_name': '暂停发送',
                    'verbose_name_plural': '暂停发送',
                    'constraints': [models.UniqueConstraint(fields=('app', 'kind'), name='one_pause_per_app_and_kind')],
                },
            ),
            migrations.CreateModel(
                name='CorpTagGroup',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('group_id', models.CharField(max_length=64, unique=True, verbose_name='标签组 ID')),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('position', models.BigIntegerField(default=0, verbose_name='排序')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                    ('gone_at', models.DateTimeField(blank=True, null=True, verbose_name='删除时间')),
                ],
                options={
                    'verbose_name': '企业标签组',
                    'verbose_name_plural': '企业标签组',
                    'ordering': ('-position', 'pk'),
                },
            ),
            migrations.CreateModel(
                name='Department',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('department_id', models.PositiveBigIntegerField(unique=True, verbose_name='部门 ID')),
                    ('name', models.CharField(max_length=200, verbose_name='名称')),
                    ('parent_id', models.PositiveBigIntegerField(default=0, verbose_name='上级部门 ID')),
                    ('position', models.BigIntegerField(default=0, verbose_name='排序')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                    ('gone_at', models.DateTimeField(blank=True, null=True, verbose_name='消失时间')),
                ],
                options={
                    'verbose_name': '企微部门',
                    'verbose_name_plural': '企微部门',
                    'ordering': ('parent_id', '-position', 'department_id'),
                },
            ),
            migrations.CreateModel(
                name='CorpContactWay',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('config_id', models.CharField(max_length=64, unique=True, verbose_name='联系我 ID')),
                    ('state', models.CharField(blank=True, max_length=64, verbose_name='渠道标记')),
                    ('remark', models.CharField(blank=True, max_length=60, verbose_name='备注')),
                    ('userids', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list, size=None, verbose_name='成员')),
                    ('detailed_at', models.DateTimeField(blank=True, null=True, verbose_name='读取详情')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                    ('gone_at', models.DateTimeField(blank=True, null=True, verbose_name='删除时间')),
                ],
                options={
                    'verbose_name': '企微联系我',
                    'verbose_name_plural': '企微联系我',
                    'ordering': ('-pk',),
                    'indexes': [models.Index(condition=models.Q(('gone_at', None)), fields=['read_at'], name='ways_by_reading')],
                },
            ),
            migrations.CreateModel(
                name='CorpTag',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('tag_id', models.CharField(max_length=64, unique=True, verbose_name='标签 ID')),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('position', models.BigIntegerField(default=0, verbose_name='排序')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                    ('gone_at', models.DateTimeField(blank=True, null=True, verbose_name='删除时间')),
                    ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='wecom.corptaggroup', verbose_name='标签组')),
                ],
                options={
                    'verbose_name': '企业标签',
                    'verbose_name_plural': '企业标签',
                    'ordering': ('group', '-position', 'pk'),
                },
            ),
            migrations.CreateModel(
                name='Staff',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('userid', models.CharField(max_length=64, unique=True, verbose_name='企业微信账号')),
                    ('name', models.CharField(blank=True, max_length=100, verbose_name='姓名')),
                    ('position', models.CharField(blank=True, max_length=200, verbose_name='职务')),
                    ('department_ids', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveBigIntegerField(), default=list, size=None, verbose_name='部门')),
                    ('main_department', models.PositiveBigIntegerField(default=0, verbose_name='主部门')),
                    ('state', models.CharField(choices=[('active', '已激活'), ('disabled', '已禁用'), ('inactive', '未激活'), ('left', '已退出')], default='active', max_length=8, verbose_name='状态')),
                    ('serves_contacts', models.BooleanField(default=False, verbose_name='客户联系')),
                    ('came_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='首次看到')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                    ('gone_at', models.DateTimeField(blank=True, null=True, verbose_name='消失时间')),
                ],
                options={
                    'verbose_name': '企微成员',
                    'verbose_name_plural': '企微成员',
                    'ordering': ('userid',),
                    'indexes': [models.Index(condition=models.Q(('gone_at', None)), fields=['read_at'], name='staff_by_reading')],
                },
            ),
            migrations.CreateModel(
                name='Sweep',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('staff', '部门与成员'), ('contacts', '客户与好友'), ('tags', '企业标签'), ('groups', '客户群'), ('contact_ways', '联系我'), ('mass_sends', '群发结果'), ('unassigned', '待分配客户'), ('acquisition', '获客链接'), ('moments', '朋友圈'), ('kf_accounts', '客服账号'), ('archive_consents', '存档同意'), ('keyword_hits', '关键词命中')], max_length=20, verbose_name='对象')),
                    ('is_full', models.BooleanField(default=True, verbose_name='全量')),
                    ('state', models.CharField(choices=[('running', '进行中'), ('paused', '已暂停'), ('done', '已完成'), ('failed', '失败'), ('cancelled', '已取消')], default='running', max_length=9, verbose_name='状态')),
                    ('started_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='开始时间')),
                    ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='结束时间')),
                    ('cursor', models.JSONField(default=dict, verbose_name='进度位置')),
                    ('portions', models.PositiveIntegerField(default=0, verbose_name='已处理批次')),
                    ('done', models.PositiveIntegerField(default=0, verbose_name='已核对')),
                    ('total', models.PositiveIntegerField(default=0, verbose_name='总数')),
                    ('found', models.PositiveIntegerField(default=0, verbose_name='发现差异')),
                    ('repaired', models.PositiveIntegerField(default=0, verbose_name='已修复')),
                    ('troubles', models.PositiveSmallIntegerField(default=0, verbose_name='连续失败')),
                    ('next_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='下一批时间')),
                    ('error', models.CharField(blank=True, max_length=400, verbose_name='说明')),
                    ('begun_by', models.CharField(max_length=120, verbose_name='发起人')),
                ],
                options={
                    'verbose_name': '企微对账',
                    'verbose_name_plural': '企微对账',
                    'ordering': ('-pk',),
                    'indexes': [models.Index(fields=['kind', '-started_at'], name='sweeps_of_kind_newest')],
                },
            ),
            migrations.CreateModel(
                name='Difference',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('subject', models.CharField(max_length=120, verbose_name='对象')),
                    ('what', models.CharField(max_length=60, verbose_name='差异')),
                    ('detail', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='发现时间')),
                    ('repaired_at', models.DateTimeField(blank=True, null=True, verbose_name='修复时间')),
                    ('sweep', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='differences', to='wecom.sweep', verbose_name='对账')),
                ],
                options={
                    'verbose_name': '对账差异',
                    'verbose_name_plural': '对账差异',
                    'ordering': ('-pk',),
                    'indexes': [models.Index(fields=['subject', '-at'], name='differences_of_subject')],
                },
            ),
            migrations.CreateModel(
                name='Health',
                fields=[
                ],
                options={
                    'verbose_name': '企业微信健康',
                    'verbose_name_plural': '企业微信健康',
                    'proxy': True,
                    'default_permissions': ('view', 'change'),
                },
                bases=('wecom.outboxpause',),
            ),
            migrations.CreateModel(
                name='AcquisitionBalance',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('corp_id', models.CharField(max_length=64, unique=True, verbose_name='企业 ID')),
                    ('total', models.PositiveIntegerField(default=0, verbose_name='已购')),
                    ('balance', models.PositiveIntegerField(default=0, verbose_name='剩余')),
                    ('lots', models.JSONField(default=list, verbose_name='批次')),
                    ('warning', models.CharField(blank=True, choices=[('', '正常'), ('expiring', '即将过期'), ('low', '不足'), ('exhausted', '用完')], default='', max_length=9, verbose_name='提醒')),
                    ('warned_at', models.DateTimeField(blank=True, null=True, verbose_name='提醒时间')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                ],
                options={
                    'verbose_name': '获客额度',
                    'verbose_name_plural': '获客额度',
                },
            ),
            migrations.CreateModel(
                name='Bookmark',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('stream', models.CharField(max_length=40, unique=True, verbose_name='来源')),
                    ('position', models.CharField(blank=True, max_length=256, verbose_name='位置')),
                    ('moved_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ],
                options={
                    'verbose_name': '读取位置',
                    'verbose_name_plural': '读取位置',
                },
            ),
            migrations.CreateModel(
                name='AcquisitionLink',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('link_id', models.CharField(max_length=64, unique=True, verbose_name='链接 ID')),
                    ('name', models.CharField(blank=True, max_length=60, verbose_name='名称')),
                    ('url', models.CharField(blank=True, max_length=400, verbose_name='链接')),
                    ('userids', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list, size=None, verbose_name='成员')),
                    ('department_ids', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveBigIntegerField(), default=list, size=None, verbose_name='部门')),
                    ('skip_verify', models.BooleanField(default=True, verbose_name='无需验证')),
                    ('made_at', models.DateTimeField(blank=True, null=True, verbose_name='创建时间')),
                    ('unavailable_at', models.DateTimeField(blank=True, null=True, verbose_name='最近无人可加')),
                    ('detailed_at', models.DateTimeField(blank=True, null=True, verbose_name='读取详情')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                    ('gone_at', models.DateTimeField(blank=True, null=True, verbose_name='删除时间')),
                ],
                options={
                    'verbose_name': '获客链接',
                    'verbose_name_plural': '获客链接',
                    'ordering': ('-pk',),
                    'indexes': [models.Index(condition=models.Q(('gone_at', None)), fields=['read_at'], name='links_by_reading')],
                },
            ),
            migrations.CreateModel(
                name='ArchiveConsent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('userid', models.CharField(blank=True, max_length=64, verbose_name='成员')),
                    ('chat_id', models.CharField(blank=True, max_length=64, verbose_name='客户群 ID')),
                    ('external_userid', models.CharField(max_length=64, verbose_name='客户 ID')),
                    ('state', models.CharField(choices=[('agreed', '同意'), ('refused', '不同意'), ('unknown', '未知')], default='unknown', max_length=7, verbose_name='状态')),
                    ('changed_at', models.DateTimeField(blank=True, null=True, verbose_name='变更时间')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                ],
                options={
                    'verbose_name': '会话存档同意',
                    'verbose_name_plural': '会话存档同意',
                    'ordering': ('-pk',),
                    'indexes': [models.Index(fields=['read_at'], name='agreements_by_reading')],
                    'constraints': [models.UniqueConstraint(fields=('external_userid', 'userid', 'chat_id'), name='one_agreement_per_talk'), models.CheckConstraint(condition=models.Q(models.Q(('chat_id__gt', ''), ('userid', '')), models.Q(('chat_id', ''), ('userid__gt', '')), _connector='OR'), name='with_a_guide_or_in_a_group')],
                },
            ),
            migrations.CreateModel(
                name='CorpMoment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('moment_id', models.CharField(max_length=64, unique=True, verbose_name='朋友圈 ID')),
                    ('kind', models.CharField(choices=[('corp', '企业'), ('personal', '个人')], max_length=8, verbose_name='类型')),
                    ('creator_userid', models.CharField(blank=True, max_length=64, verbose_name='发起成员')),
                    ('text', models.TextField(blank=True, verbose_name='文字')),
                    ('pictures', models.PositiveSmallIntegerField(default=0, verbose_name='图片数')),
                    ('has_video', models.BooleanField(default=False, verbose_name='视频')),
                    ('link_url', models.CharField(blank=True, max_length=2048, verbose_name='链接')),
                    ('is_public', models.BooleanField(default=True, verbose_name='对全部客户可见')),
                    ('wish', models.CharField(blank=True, max_length=160, null=True, unique=True, verbose_name='来自待发')),
                    ('made_at', models.DateTimeField(verbose_name='创建时间')),
                    ('look_at', models.DateTimeField(blank=True, null=True, verbose_name='下次查看')),
                    ('looked_at', models.DateTimeField(blank=True, null=True, verbose_name='最近查看')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                    ('gone_at', models.DateTimeField(blank=True, null=True, verbose_name='删除时间')),
                ],
                options={
                    'verbose_name': '朋友圈',
                    'verbose_name_plural': '朋友圈',
                    'ordering': ('-made_at', '-pk'),
                    'indexes': [models.Index(fields=['-made_at'], name='moments_newest'), models.Index(fields=['look_at'], name='moments_to_look_at')],
                },
            ),
            migrations.CreateModel(
                name='KeywordHit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('rule_id', models.CharField(max_length=64, verbose_name='规则 ID')),
                    ('rule_name', models.CharField(blank=True, max_length=100, verbose_name='规则')),
                    ('msgid', models.CharField(max_length=128, verbose_name='消息 ID')),
                    ('chat_id', models.CharField(blank=True, max_length=64, verbose_name='群 ID')),
                    ('person', models.CharField(max_length=64, verbose_name='说话人')),
                    ('to', models.CharField(blank=True, max_length=64, verbose_name='对方')),
                    ('is_staff', models.BooleanField(default=False, verbose_name='成员说的')),
                    ('at', models.DateTimeField(verbose_name='时间')),
                    ('found_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='得知时间')),
                ],
                options={
                    'verbose_name': '关键词命中',
                    'verbose_name_plural': '关键词命中',
                    'ordering': ('-at', '-pk'),
                    'indexes': [models.Index(fields=['-at'], name='hits_newest'), models.Index(fields=['chat_id', '-at'], name='hits_of_group')],
                    'constraints': [models.UniqueConstraint(fields=('msgid', 'rule_id'), name='one_hit_per_rule_and_words')],
                },
            ),
            migrations.CreateModel(
                name='AcquisitionCustomer',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('external_userid', models.CharField(max_length=64, verbose_name='客户 ID')),
                    ('userid', models.CharField(max_length=64, verbose_name='成员')),
                    ('chat_state', models.CharField(choices=[('silent', '未开口'), ('spoke', '已开口'), ('unknown', '未知')], default='unknown', max_length=7, verbose_name='会话')),
                    ('channel', models.CharField(blank=True, max_length=64, verbose_name='渠道')),
                    ('found_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='首次看到')),
                    ('spoke_seen_at', models.DateTimeField(blank=True, null=True, verbose_name='得知开口')),
                    ('read_at', models.DateTimeField(verbose_name='读取时间')),
                    ('link', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='customers', to='wecom.acquisitionlink', verbose_name='获客链接')),
                ],
                options={
                    'verbose_name': '获客客户',
                    'verbose_name_plural': '获客客户',
                    'ordering': ('-pk',),
                    'indexes': [models.Index(fields=['external_userid', 'userid'], name='acquired_by_friendship')],
                    'constraints': [models.UniqueConstraint(fields=('link', 'external_userid', 'userid'), name='one_row_per_link_and_friend')],
                },
            ),
            migrations.CreateModel(
                name='MomentPublication',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('userid', models.CharField(max_length=64, verbose_name='成员')),
                    ('is_published', models.BooleanField(default=False, verbose_name='已发表')),
                    ('published_seen_at', models.DateTimeField(blank=True, null=True, verbose_name='看到发表')),
                    ('audience', models.PositiveIntegerField(blank=True, null=True, verbose_name='送达')),
                    ('likes', models.PositiveIntegerField(blank=True, null=True, verbose_name='点赞')),
                    ('comments', models.PositiveIntegerField(blank=True, null=True, verbose_name='评论')),
                    ('people', models.JSONField(default=dict, verbose_name='客户')),
                    ('look_at', models.DateTimeField(blank=True, null=True, verbose_name='下次查看')),
                    ('looked_at', models.DateTimeField(blank=True, null=True, verbose_name='最近查看')),
                    ('moment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='publications', to='wecom.corpmoment', verbose_name='朋友圈')),
                ],
                options={
                    'verbose_name': '朋友圈发表',
                    'verbose_name_plural': '朋友圈发表',
                    'ordering': ('-pk',),
                    'indexes': [models.Index(fields=['look_at'], name='publications_to_look_at'), models.Index(fields=['looked_at'], name='publications_by_look')],
                    'constraints': [models.UniqueConstraint(fields=('moment', 'userid'), name='one_publication_per_moment_and_guide')],
                },
            ),
        ]),
        # As PostgreSQL wrote it down when the column grew, so that all databases are alike.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name='sweep',
                    constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['running', 'paused'])), fields=('kind',), name='one_open_sweep_per_kind'),
                ),
            ],
            database_operations=[
                migrations.RunSQL(OPEN_SWEEPS, "DROP INDEX one_open_sweep_per_kind"),
            ],
        ),
        # Rows that name customers, for whoever may see everybody: this floor knows no stores.
        row_scope("wecom_acquisitioncustomer"),
        row_scope("wecom_momentpublication"),
        row_scope("wecom_archiveconsent"),
        row_scope("wecom_keywordhit"),
    ]
