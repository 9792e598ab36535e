"""The words the bot listens for: concepts with their synonyms, stop words, signs of a question.

Plain data and regular expressions; what follows from a word is decided in `rules.py`.
"""

from __future__ import annotations

import re
from typing import Final


def _lists(text: str) -> dict[str, str]:
    """`name: words` per paragraph; a line that goes on is indented further."""
    found: dict[str, str] = {}
    name = ""
    for line in text.strip("\n").splitlines():
        if ":" in line:
            name, _, line = line.strip().partition(":")
        found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# One idea, the words shoppers use for it. Both sides of a match carry the concept beside the word.
CONCEPTS: Final[dict[str, str]] = _lists("""
    营业: 营业 开门 开店 开业 上班 营业时间 开到 开着 开放 营业时段 开不开门
        开么 开吗
    关门: 关门 结束 放假 打烊 闭店 下班 结束营业 收摊 关店 歇业 休息 收店
        停止营业 关门时间 开到
    几点: 几点 几点钟 什么时间 何时 时间 几时 什么时候 多晚 多早 时间段 时段
        最晚 最早 点
    地址: 地址 在哪 哪里 哪儿 位置 怎么走 怎么去 怎么过去 定位 导航 几楼 几层
        哪层 哪个商场 门牌 路线 找不到 在哪里 在哪儿 哪个门 楼层 哪一层 地方
        咋走 咋去 位于 具体位置 楼 层
    交通: 地铁 地铁站 公交 公交车 坐车 打车 交通 乘车 几号线 出口 站
    停车: 停车 停车场 停车费 车位 泊车 开车 停车位 停车券 免费停车 驾车 车停
        停哪
    电话: 电话 联系电话 电话号码 座机 联系方式 打电话 号码 联系你们 联系
    尺码: 尺码 尺寸 码数 码 大小 多大 选码 偏大 偏小 尺码表 号 几码 身高 体重
        斤 腰围 胸围
    会员: 会员 会员卡 入会 vip 办卡 注册 加入会员 会员价 办会员 开卡
    积分: 积分 攒分 兑换 换礼 积分商城
    等级: 等级 银卡 金卡 钻石卡 升级 普卡 升
    优惠: 优惠 打折 折扣 活动 促销 特价 满减 优惠券 福利 大促
    券: 券 优惠券 代金券 卡券 折扣券
    配送: 发货 发出 寄出 邮寄 快递费 快递 寄 物流 配送 包邮 邮费 运费 送货
        送货上门 寄到 顺丰 同城
    洗护: 洗 清洗 保养 水洗 干洗 打理 洗涤 机洗 手洗 护理 缩水 起球 掉色 褪色
        熨 熨烫 洗衣机
    支付: 支付 付款 付款方式 微信支付 支付宝 刷卡 信用卡 花呗 现金 分期 付 买单
        结账 银行卡 云闪付
    发票: 发票 开票 电子发票 专票 抬头 报销
    修改: 改 裁 收一下 修改 改裤脚 裤脚 改短 裁剪 改衣 改长短 裤长 收腰 改衣服
        改小
    包装: 送礼 包装 礼盒 礼品袋 包起来 礼物 贺卡 送人
    新品: 新品 新款 上新 到新 新货 上架 新到
    预约: 预约 留着 帮我留 先留 预订 留货 预留 预定 留一件 留 约
    试衣: 试穿 试衣 试衣间 试 上身
    宠物: 宠物 带猫 带狗 狗 猫 狗狗 猫咪 小狗
    儿童: 小孩 小朋友 儿童 婴儿车 母婴 孩子 宝宝 母婴室 童车 推车
    无线: wifi 无线 无线网 网络 上网 wi-fi
    洗手间: 洗手间 厕所 卫生间
    面料: 面料 化纤 真丝 棉 材质 料子 成分 羊毛 羊绒 纯棉 含量 布料 什么料
    正品: 正品 真货 官方 直营 专柜 真假
    分店: 分店 其他分店 多少家 其他店 其他门店 几家门店 别的店 几家店 哪些店
        别家店 家店
    网店: 小程序 旗舰店 下单 网上 线上 官网 网店 淘宝 天猫 京东 商城 app 网购
    礼品卡: 礼品卡 购物卡 储值卡 礼卡
    定制: 定制 订做 定做 刺绣 绣字 刻字
    生日: 生日 生日礼 寿星
    存包: 存包 寄存 行李 寄存柜
    库存: 有货 现货 库存 断货 缺货 补货 没货 断码
    招聘: 招聘 招人 应聘 兼职 招不招
    残障: 轮椅 无障碍 残疾 电梯
    拍照: 拍照 拍摄 直播 录像
""")

# Ideas that stand in the shape of a sentence rather than in one word.
SHAPES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "库存",
        re.compile(
            r"(?:还有|有没有|有无).{0,6}[码号色货s-xl]|"
            r"[码号色款件双条].{0,6}(?:还有|有没有|有货|有吗|有么)|还有没有|还有吗|还有货|补货|"
            r"断码"
        ),
    ),
    (
        "价格",
        re.compile(
            r""
            r"(?:[这那]|第.张|图|[件条双款个]).{0,8}(?:多少钱|什么价|啥价|价位|价格|几折|多少米)|"
            r"怎么卖|售价|什么价位?|价位"
        ),
    ),
)

# Words that ask for a place only when nothing else is asked for: "礼品卡在哪里买" is about cards.
WEAK: Final = _set("""
    在哪 哪里 哪儿 在哪里 在哪儿 地方 什么时候 时间 点 何时 几时 大小 号 联系 站 礼物 羊毛
    羊绒 真丝 棉 身高 斤 上班 下班 休息 放假 拍照 试
""")

STOP: Final = _set("""
    的 了 呢 啊 呀 吧 哦 哈 嘛 么 吗 我 你 您 你们 咱们 咱 我们 请问 请 问 一下 想 想问 是
    有 在 就 都 也 还 和 与 这 那 这个 那个 个 亲 亲爱 大家 各位 谢谢 麻烦 老板 小姐姐 姐
    姐妹 们 店家 客服 求 能 可以 能不能 可不可以 会 要 不 到 去 来 把 给 哒 嗯 好 一 下 对
    里 上 啦 家 咱家 你家 你们家 店 店里 咱们家 怎么 什么 多少 哪 几 如何 有没有 是不是
    问问 知道 小 得 过 着 跟 用 时候
""")

DAYS: Final = re.compile(
    r"今天|今晚|今日|明天|明日|明晚|后天|大后天|昨天|前天|这?周末|双休日|工作日|平时|"
    r"(?:下|这|本)?(?:周|星期|礼拜)[一二三四五六日天末1-7]|国庆|春节|过年|元旦|五一|中秋|端午|清明|"
    r"除夕|大年初[一二三四五六七]|初[一二三四五六七]|圣诞|假期|节假日|放假|"
    r"\d{1,2}月\d{1,2}[日号]|\d{1,2}号"
)

_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)?")
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_MENTION: Final = re.compile(r"@[^\s@]{1,20}[\s\u2005]?|\[[一-龥]{1,6}\]")


def plain(text: str) -> str:
    """Half-width, lower case, without mentions and sticker names."""
    return _MENTION.sub(" ", text.translate(_WIDE)).strip().lower()


def is_mentioned(text: str, names: tuple[str, ...]) -> bool:
    """Somebody wrote @ and one of our names."""
    return any(f"@{name}" in text for name in names)


def generalised(text: str) -> str:
    """Days and numbers replaced by one sign each, so that `周日` and `明天` ask the same."""
    return _NUMBERS.sub("〇", DAYS.sub("〇", text))


_QUESTION: Final = re.compile(
    r"[?？]|吗|么$|么[,，。!！~ ]|几[^乎]|多久|什么|啥|哪|怎么|怎样|如何|咋|多少|多大|多长|"
    r"有没有|有木有|有无|是不是|能不能|可不可以|可否|能否|行不行|会不会|要不要|开不开|"
    r"在不在|用不用|需不需要|算不算|"
    r"请问|求问|想问|问一下|问下|问个|请教|求教|谁知道|有人知道|想知道|想了解|了解一下|"
    r"求助|求个|求一?下|求推荐|发我|发一下|发个|"
    r"支持不|能不|可以不|.[^得了要可差对从行]不[,，。!！~ ]*$|是.{1,8}还是|"
    r"了没有?[,，。!！~ ]*$|有货没|好不好|贵不贵|远不远|收不收|让不让|包不包"
)
_NO_QUESTION: Final = re.compile(
    r"怎么(?:这么|那么|能这么|会这么)|(?:什么|多少|哪里|怎么样?)都|没什么|不管怎么|无论|"
    r"哪有|好多少|多么|不知道怎么谢|什么的[。!！~]*$"
)


def asks(text: str) -> bool:
    """It reads as a question or a request to be told something."""
    return bool(_QUESTION.search(_NO_QUESTION.sub(" ", text)))


_TELLING: Final = re.compile(r"[我了啦过的吧]|[嘞哈!！~]|真|好[^停不]|太|谢")


def tells(text: str) -> bool:
    """It reads as somebody telling something."""
    return bool(_TELLING.search(text))


# Someone else's shop, somebody's child, the weather: people talk, the bot keeps quiet.
OTHERS: Final = re.compile(
    r"隔壁|对面|楼下|楼上那|旁边的?[那一]?家|别人家|星巴克|瑞幸|麦当劳|肯德基|海底捞|"
    r"火锅|餐厅|饭店|奶茶|咖啡|电影|影院|超市|"
    r"学校|幼儿园|老师|医院|银行|健身房|理发|美容院|优衣库|山姆|宜家|孩子几点|接娃|天气|"
    r"下雨|高铁|飞机|机场|快递柜|外卖|"
    r"(?:公司|单位|老公|老婆|我妈|我爸|婆婆|闺蜜|同事).{0,6}(?:几点|下班|上班|在哪)|"
    r"你们?(?:今天|明天|周末|几点|什么时候){0,2}(?:去|逛|吃|玩|睡|穿的|回)|"
    r"你家(?:猫|狗|孩子|娃|宝)|"
    r"(?:^|[,，。 ])你(?!们|家|好|这|店|那)|地铁上|火车|转租|拼车|"
    r""
    r"你(?:今天|明天|周末)?(?:几点|什么时候)(?:下班|到家|回来|出门|过来|到|起床|吃饭|睡)|"
    r"一起(?:逛|去|吃)|约吗|谁(?:要|想)?一起|有人一起"
)

# What a shop would be asked even if no article knows the answer.
SHOP: Final = re.compile(
    r"店|衣|裤|折|拉链|扣|退|客服|x+l|[sml]码|裙|鞋|包包|帽|围巾|大衣|外套|毛衣|衬衫|"
    r"羽绒|羊绒|款|货|尺码|码数?|号码|颜色|价|多少钱|打折|折扣|优惠|活动|券|会员|积分|"
    r"面料|材质|洗|买|卖|订单|快递|发货|包邮|邮|寄|试穿|试|门店|营业|关门|打烊|开门|"
    r"停车|地址|电话|发票|付款|支付|新品|上新|预约|留一|定制|"
    r"专柜|导购|店长|链接|小程序|礼品|套装|同款|码"
)

CHATTER: Final = re.compile(
    r"^(?:(?:你好|您好|hi|hello|嗨|在吗|在么|在不在|在不|早上好|早|晚安|好的?|ok|嗯|多谢|感谢|谢谢"
    r"|收到|知道了|明白了?|哈|辛苦了?|再见|拜拜|小助手)[呀啊哦呢了您你们吧亲~～!！。.,，?？\s]*)+$"
)
