import pytest

from sooner._text import printable, require_visible, shown, visible


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("rs2-10 größer 模型 👩‍🔬", "rs2-10 größer 模型 👩‍🔬"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b31m\x7f\x00", "\\x9b31m\\x7f\\x00"),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
        ("\u2028\u200f\u061c", "\\u2028\\u200f\\u061c"),
        ("\udcff", "\\udcff"),
    ],
)
def test_a_name_is_one_line_that_a_terminal_shows_as_it_is(given: str, line: str) -> None:
    assert visible(given) == line
    assert visible(line) == line


def test_lines_and_tabs_of_a_text_stay() -> None:
    assert printable("a\n\tb\x1b[0m\r\n") == "a\n\tb\\x1b[0m\\r\n"
    assert (shown("\x07"), shown(3)) == ("\\x07", 3)


def test_a_name_with_hidden_characters_is_refused_and_shown() -> None:
    assert require_visible("a name", "mine") == "mine"
    with pytest.raises(ValueError, match=r"^a name must be one line .* 'a\\x1bb' has some"):
        require_visible("a name", "a\x1bb")
