"""Refunds are found by the sale they take back; a member may be joined to her receipt later."""

import django.utils.timezone
from django.db import migrations, models


def texts(model: str, **names: models.Field) -> list[migrations.AlterField]:
    return [migrations.AlterField(model, name, field) for name, field in names.items()]


class Migration(migrations.Migration):
    dependencies = [("stores", "0002_guards_of_the_ledger")]

    operations = [
        migrations.AlterField("receiptkey", "purchase_line", models.BigIntegerField()),
        migrations.AddField(
            "receiptkey",
            "sold_at",
            models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AddField(
            "receiptkey", "refund_of", models.CharField(blank=True, default="", max_length=100),
            preserve_default=False,
        ),
        migrations.AddIndex(
            "receiptkey",
            models.Index(
                condition=models.Q(("refund_of", ""), _negated=True),
                fields=["source", "refund_of"],
                name="refunds_of_receipt_line",
            ),
        ),
        migrations.CreateModel(
            name="ReceiptMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=40, verbose_name="来源")),
                ("receipt_no", models.CharField(max_length=80, verbose_name="小票号")),
                ("member_no", models.BigIntegerField(verbose_name="会员序号")),
                ("store_no", models.BigIntegerField(verbose_name="门店序号")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
                ("actor", models.CharField(max_length=120, verbose_name="操作者")),
            ],
            options={
                "verbose_name": "补登会员的小票",
                "verbose_name_plural": "补登会员的小票",
                "constraints": [
                    models.UniqueConstraint(fields=("source", "receipt_no"), name="one_late_member_per_receipt")
                ],
                "indexes": [models.Index(fields=["member_no"], name="late_receipts_of_member")],
            },
        ),
        *[
            migrations.AddField("credit", name, field, preserve_default=False)
            for name, field in {
                "sku": models.CharField("货号", max_length=60, default=""),
                "quantity": models.IntegerField("数量", default=0),
                "line_amount": models.BigIntegerField("整行金额（分）", default=0),
                "refund_of": models.CharField("退货对应", max_length=100, blank=True, default=""),
            }.items()
        ],
        migrations.AddIndex(
            "credit", models.Index(fields=["member_no", "sold_at"], name="credits_of_member_in_time")
        ),
        migrations.AddIndex(
            "credit", models.Index(fields=["source", "receipt_no"], name="credits_of_receipt")
        ),
        *texts(
            "credit",
            member_no=models.BigIntegerField("会员序号", null=True),
            guide_no=models.BigIntegerField("导购序号"),
            store_no=models.BigIntegerField("门店序号"),
        ),
        *texts(
            "ownership",
            member_no=models.BigIntegerField("会员序号"),
            guide_no=models.BigIntegerField("导购序号"),
            store_no=models.BigIntegerField("门店序号"),
            since=models.DateTimeField("自"),
            until=models.DateTimeField("至", null=True),
            reason=models.CharField("原因", max_length=40),
            actor=models.CharField("操作者", max_length=120),
        ),
        *texts(
            "purchaseline",
            source=models.CharField("来源", max_length=40),
            receipt_no=models.CharField("小票号", max_length=80),
            line=models.PositiveIntegerField("行"),
            sku=models.CharField("货号", max_length=60),
            quantity=models.IntegerField("数量"),
            amount=models.BigIntegerField("金额（分）"),
            currency=models.CharField("币种", max_length=3, default="CNY"),
            refund_of=models.CharField("退货对应", max_length=100, blank=True),
            member_no=models.BigIntegerField("会员序号", null=True),
            store_no=models.BigIntegerField("门店序号"),
            served_by_no=models.BigIntegerField("服务导购序号", null=True),
            latitude=models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True),
            longitude=models.DecimalField("经度", max_digits=9, decimal_places=6, null=True),
            sold_at=models.DateTimeField("销售时间"),
            recorded_at=models.DateTimeField("入账时间", default=django.utils.timezone.now),
        ),
        *texts(
            "touch",
            member_no=models.BigIntegerField("会员序号", null=True),
            guide_no=models.BigIntegerField("导购序号", null=True),
            store_no=models.BigIntegerField("门店序号", null=True),
            kind=models.CharField(
                "方式",
                max_length=16,
                choices=[
                    ("scan", "扫码"), ("registration", "注册会员"), ("friend", "加企微"),
                    ("welcome", "欢迎语"), ("group_join", "入群"), ("group_leave", "退群"),
                    ("push", "群发送达"), ("link_open", "打开链接"), ("call", "电话"),
                    ("visit", "到店"), ("bot_answer", "小助手回答"), ("draft_sent", "导购回复"),
                    ("coupon_used", "用券"), ("referral", "老带新"),
                ],
            ),
            source=models.CharField("来源", max_length=80, blank=True),
            at=models.DateTimeField("时间"),
            recorded_at=models.DateTimeField("入账时间", default=django.utils.timezone.now),
        ),
    ]
