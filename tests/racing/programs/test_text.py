from hypothesis import given
from hypothesis import strategies as st

from sooner.racing.programs.text import Lines, Tail, plain


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)))), st.data())
def test_lines_come_whole_however_the_stream_is_cut(lines, data):
    stream = "".join(f"{line}\n" for line in lines).encode()
    found, cut = Lines(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        cut += found.feed(stream[:size])
        stream = stream[size:]
    assert cut + found.close() == lines


def test_what_is_written_over_is_no_line():
    found = Lines()
    assert found.feed(b"10%\r50%\r") == []
    assert found.feed(b"100% acc=1\nwindows\r\n") == ["100% acc=1", "windows"]


def test_memory_is_bounded_and_the_end_of_a_long_line_is_kept():
    found = Lines()
    for _ in range(100):
        assert found.feed(b"x" * 65536) == []
    assert found.feed(b"acc=1\n") == ["x" * (65536 - 5) + "acc=1"]
    assert found.feed(b"y" * 200_000 + b"\n") == ["y" * 65536]


def test_bytes_that_are_no_text_are_marked():
    assert Lines().feed(b"\xff\xfeacc=1\n") == ["\N{REPLACEMENT CHARACTER}" * 2 + "acc=1"]


def test_the_tail_is_the_last_20_lines_of_at_most_4096_characters():
    tail = Tail()
    assert tail.text is None
    for number in range(30):
        tail.add(str(number))
    assert tail.text == "\n".join(map(str, range(10, 30)))
    tail.add("z" * 10_000)
    assert tail.text == "z" * 4096


def test_plain_text_moves_and_colours_nothing():
    assert plain("\x1b[31mred\x1b[0m\x00\tup\x1b]0;title\x07\x1b[2A\n\n") == "red\tup"
