"""What people do: customers on phones, members in their client, admins in the console.

Each module lists its acts by name; each act makes its callbacks as in life.
"""

from . import acquired, console, crowds, customers, desk, heard, moments, outside, robots, staff
from .reading import Act

ACTS: dict[str, Act] = {
    **acquired.ACTS,
    **heard.ACTS,
    **console.ACTS,
    **customers.ACTS,
    **crowds.ACTS,
    **desk.ACTS,
    **moments.ACTS,
    **outside.ACTS,
    **robots.ACTS,
    **staff.ACTS,
}

__all__ = ["ACTS", "Act"]
