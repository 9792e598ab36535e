"""Pictures that come from a phone: one to read codes from, one to send."""

from io import BytesIO

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from wecom.sandbox.truth import media
from wecom.sandbox.world import World

HOME = "/sandbox/phone"
LARGEST = 12 * 1024 * 1024
KINDS = {b"\xff\xd8\xff": ("image/jpeg", "jpg"), b"\x89PNG": ("image/png", "png")}


async def decode_picture(request: Request) -> JSONResponse:
    """The texts of the codes in a picture."""
    data = await request.body()
    if len(data) > LARGEST:
        return JSONResponse({"ok": False, "error": "图片太大"}, 413)
    try:
        texts = read_codes(data)
    except ImportError:
        message = "这台机器没有安装识别二维码的组件（zxing-cpp），请改为粘贴链接"
        return JSONResponse({"ok": False, "error": message}, 501)
    except (OSError, ValueError):
        return JSONResponse({"ok": False, "error": "这个文件不是图片"}, 400)
    return JSONResponse({"ok": True, "urls": texts})


def read_codes(data: bytes) -> list[str]:
    """Decode with zxing-cpp, which only a sandbox with a scanner needs."""
    import zxingcpp
    from PIL import Image

    with Image.open(BytesIO(data)) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"))
    return [code.text for code in found if code.text]


async def keep_picture(request: Request) -> JSONResponse:
    """Store a picture that somebody is about to send; JPEG or PNG."""
    world: World = request.app.state.world
    data = await request.body()
    if len(data) > LARGEST:
        return JSONResponse({"ok": False, "error": "图片太大"}, 413)
    kind = next((KINDS[head] for head in KINDS if data.startswith(head)), None)
    if kind is None:
        return JSONResponse({"ok": False, "error": "只能发 JPG 或 PNG 图片"}, 400)
    media_id = media.keep(
        world,
        kind="img",
        type="image",
        filename=f"picture.{kind[1]}",
        content_type=kind[0],
        data=data,
    )
    return JSONResponse({"ok": True, "media_id": media_id})


ROUTES = [
    Route(f"{HOME}/decode", decode_picture, methods=["POST"]),
    Route(f"{HOME}/picture", keep_picture, methods=["POST"]),
]
