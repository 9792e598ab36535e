"""An account at a marketplace is one more way to know her."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0026_a_second_person_lets_lists_leave'),
    ]

    operations = [
        migrations.AlterField(
            model_name='identity',
            name='kind',
            field=models.CharField(choices=[('phone', '手机号'), ('unionid', 'UnionID'), ('openid', 'OpenID'), ('external_userid', '企微客户'), ('till', '收银会员号'), ('marketplace', '平台账号')], max_length=16),
        ),
    ]
