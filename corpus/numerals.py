"""Chinese numerals as they stand in article numbers: 三十八 <-> 38."""

from __future__ import annotations

NUMERALS = "零〇一二两三四五六七八九十百千万"
"""Every character a Chinese numeral is made of."""

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def to_int(text: str) -> int:
    """Read a Chinese or Arabic whole number.

    >>> to_int("三十八"), to_int("一百零二"), to_int("两万五千"), to_int("47")
    (38, 102, 25000, 47)
    """
    if text.isdecimal():
        return int(text)
    total = section = digit = 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _UNITS:
            section, digit = section + (digit or 1) * _UNITS[char], 0
        elif char == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            raise ValueError(f"{text!r} is not a Chinese numeral")
    return total + section + digit


def to_chinese(number: int) -> str:
    """Write a whole number below ten thousand as an article number is written.

    >>> to_chinese(8), to_chinese(10), to_chinese(38), to_chinese(102), to_chinese(276)
    ('八', '十', '三十八', '一百零二', '二百七十六')
    """
    if not 0 < number < 10_000:
        raise ValueError(f"{number} is not between 1 and 9999")
    text, pending_zero = "", False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, size)
        if digit:
            text += ("零" if pending_zero else "") + "零一二三四五六七八九"[digit] + unit
            pending_zero = False
        elif text:
            pending_zero = True
    return text.removeprefix("一") if text.startswith("一十") else text
