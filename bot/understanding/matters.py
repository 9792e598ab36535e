"""Matters that a program never answers: refunds, complaints, money, personal data, harm.

Each pattern errs to the side of handing over; words that only sound alike are kept out by hand.
"""

from __future__ import annotations

import re
from typing import Final

REFUND: Final = re.compile(
    r"退款|退钱|退货|退换|退掉|退了|退回|退订|退单|退费|退不退|可退|想退|要退|能退|给退|"
    r"去退|来退|再退|包退|退一下|退吗|"
    r"七天无理由|7天无理由|无理由|换货|换一[件条双个]|想换[个件条大小]?|能换|"
    r"(?<!积分)可以换|可换|换[个件]?[大小]一?[码号]|换码|换尺码|换新|调换|更换一|"
    r"不想要了|不要了|赔|补偿|赔偿|售后|三包|保修|返修|维修"
)
COMPLAINT: Final = re.compile(
    r"坏了|坏掉|坏的|又坏|弄坏|破了|破洞|有个?洞|破的|开线|脱线|断了|断掉|开胶|脱胶|裂|"
    r"掉扣|扣子掉|掉了|拉不上|拉链坏|"
    r""
    r"(?<!会)(?<!易)(?<!不)(?<!洗)(?:掉色|褪色|起球|缩水|变形|勾丝)(?!吗|么|不|没|怎么办|怎么处理|怎么去)|"
    r""
    r"质量(?:太|很|有|不|问题|差|真|也|这么)|瑕疵|次品|污渍|有味道|味道(?:太|很)大|假货|"
    r"假的|冒牌|货不对|发错|少发|漏发|寄错|"
    r"投诉|差评|态度|欺骗|骗|坑人|太坑|垃圾|曝光|12315|消协|举报|律师|起诉|维权|工商|"
    r"气死|生气|过分|失望|没人理|没人管|不理人|"
    r"什么破|太差|敷衍|推卸|推来推去|忽悠|霸王条款|要个说法|给个说法|解释一下"
)
MONEY: Final = re.compile(
    r"[付扣刷]款?了?[两2二]次|多[扣收付刷]|扣了?我?[两多]?[次遍]?[钱款]|重复[扣付]|"
    r"[扣付刷]了[两2二]次|少找|找[零错]|没到[账帐]|到[账帐]|转[账帐]|打款|"
    r"我的钱|钱(?:呢|没|还没|什么时候|怎么|去哪)|还钱|付了钱|交了钱|余额|"
    r"价格(?:不对|错|不一样)|收错|算错|标错|定金|订金|押金|保价|差价|"
    r"买贵|降价了|贵了\d|刚买就|返现|提现|红包没|欠"
)
PERSONAL: Final = re.compile(
    r""
    r"我的?(?:订单|快递|物流|包裹|余额|手机号?|会员卡?号|会员等级|等级|资料|信息|个人|密码|账号|账户|消费记录|优惠券|地址|卡号|衣服到|货到|单子|积分(?!怎|如何|能|可以))|"
    r""
    r"我(?:有|还有|现在|还剩)[^,，。]{0,4}(?:积分|多少分|几张券|余额)|"
    r"查(?:一下|下|查|个)?(?:我|订单|物流|快递|积分|单号|会员|余额)|"
    r"[换改](?:绑|手机号|地址|资料|收货)|手机号?(?:码)?(?:换|改|绑)|"
    r"更[换改](?:手机|地址|资料)|身份证|注销|删除?(?:我的?)?(?:信息|资料|账号|记录)|"
    r"隐私|个人信息|泄[露漏]|单号|订单号|1[3-9]\d{9}|"
    r"验证码|登录不|登不上|(?:发货|快递|包裹|物流)(?:了没|没有?[?？]|到哪|怎么还|还没)|"
    r"还没(?:发货|收到|到货)|没收到|怎么还[没不]|催一?[下发]|谁(?:拉|加)我|"
    r"别再?[给加]我|退订|不要给我发|拉黑"
)
HARM: Final = re.compile(
    r"过敏|起疹|受伤|划伤|摔(?:了|倒|伤)|烫伤|着火|冒烟|流血|报警|丢了|丢在|丢失|弄丢|"
    r"落在|忘在|忘拿|捡到|被偷|走丢|找不到孩子|孩子不见"
)

# The most serious first: it is the reason a guide reads on the card.
MATTERS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("harm", HARM),
    ("complaint", COMPLAINT),
    ("refund", REFUND),
    ("money", MONEY),
    ("personal", PERSONAL),
)


def matter_of(text: str) -> str:
    """The name of the matter a text touches, or nothing."""
    for name, pattern in MATTERS:
        if pattern.search(text):
            return name
    return ""
