"""Template cards (wecom.md 7.1): one shape for application messages, webhooks and robots."""

import re
from typing import Any

from . import reading
from .errors import ApiError

NOTICES = ("text_notice", "news_notice")
INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")
KINDS = NOTICES + INTERACTIVE
TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
# How many entries the lists of a card may have.
LISTS = {
    "horizontal_content_list": 6,
    "jump_list": 3,
    "vertical_content_list": 4,
    "button_list": 6,
    "select_list": 3,
}
RATIOS = (1.3, 2.25)
Card = dict[str, Any]


def check_card(card: Card, *, kinds: tuple[str, ...] = KINDS) -> Card:
    """The card, or 40058 for its shape and 42014 for its task id."""
    kind = reading.text(card, "card_type", missing=40063)
    if kind not in kinds:
        raise ApiError(40058, "invalid card_type")
    check_lists(card)
    check_task(card, kind)
    if kind in NOTICES:
        check_notice(card, kind)
    elif kind == "button_interaction":
        check_buttons(card)
    elif kind == "vote_interaction":
        check_question(reading.mapping(card, "checkbox"), most=20)
        check_submit(card)
    else:
        for question in entries(card, "select_list", required=True):
            check_question(question, most=10)
        check_submit(card)
    return card


def entries(part: Card, name: str, *, required: bool = False, most: int = 0) -> list[Card]:
    """A list of objects inside a card."""
    listed = part.get(name) or []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ApiError(40058, f"invalid {name}")
    if (required and not listed) or (most and len(listed) > most):
        raise ApiError(40058, f"invalid {name} size")
    return listed


def check_lists(card: Card) -> None:
    """No list is longer than a screen takes."""
    for name, most in LISTS.items():
        entries(card, name, most=most)
    if reading.mapping(card, "source").get("desc_color", 0) not in (0, 1, 2, 3):
        raise ApiError(40058, "invalid source.desc_color")


def check_task(card: Card, kind: str) -> None:
    """A task id where something can be pressed, in its letters."""
    menu = reading.mapping(card, "action_menu")
    if menu:
        for action in entries(menu, "action_list", required=True, most=3):
            reading.text(action, "text", missing=40063)
            reading.text(action, "key", missing=40063, bytes=1024)
    task_id = card.get("task_id") or ""
    if not task_id and (menu or kind in INTERACTIVE):
        raise ApiError(42014)
    if task_id and not (isinstance(task_id, str) and TASK_ID.fullmatch(task_id)):
        raise ApiError(42014)


def check_notice(card: Card, kind: str) -> None:
    """A notice says something and opens something."""
    action = reading.mapping(card, "card_action")
    if action.get("type") not in (1, 2):
        raise ApiError(40058, "invalid card_action")
    reading.text(action, "url" if action["type"] == 1 else "appid", missing=40063)
    title = reading.text(reading.mapping(card, "main_title"), "title")
    if kind == "text_notice":
        if not title and not reading.text(card, "sub_title_text"):
            raise ApiError(40063, "main_title.title and sub_title_text are both empty")
        return
    if not title:
        raise ApiError(40063)
    image = reading.mapping(card, "card_image")
    if not image and not reading.mapping(card, "image_text_area"):
        raise ApiError(40063, "card_image is missing")
    ratio = image.get("aspect_ratio", RATIOS[0])
    if not isinstance(ratio, int | float) or not RATIOS[0] <= ratio <= RATIOS[1]:
        raise ApiError(40058, "invalid card_image.aspect_ratio")


def check_buttons(card: Card) -> None:
    """One to six buttons, each with words and a key or an address."""
    selection = reading.mapping(card, "button_selection")
    if selection:
        check_question(selection, most=10)
    for button in entries(card, "button_list", required=True):
        reading.text(button, "text", missing=40063)
        if button.get("style", 1) not in (1, 2, 3, 4):
            raise ApiError(40058, "invalid button style")
        reading.text(button, "url" if button.get("type") == 1 else "key", missing=40063, bytes=1024)


def check_question(question: Card, *, most: int) -> None:
    """A question with answers, each with its own id."""
    reading.text(question, "question_key", missing=40063, bytes=1024)
    options = entries(question, "option_list", required=True, most=most)
    ids = [reading.text(option, "id", missing=40063, bytes=128) for option in options]
    if len(set(ids)) != len(ids):
        raise ApiError(40058, "option ids are not unique")
    if question.get("mode", 0) not in (0, 1):
        raise ApiError(40058, "invalid mode")


def check_submit(card: Card) -> None:
    """The button that sends the choice."""
    button = reading.mapping(card, "submit_button")
    reading.text(button, "text", missing=40063)
    reading.text(button, "key", missing=40063, bytes=1024)
