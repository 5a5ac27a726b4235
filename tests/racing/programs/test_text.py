from hypothesis import given
from hypothesis import strategies as st

from sooner.racing.programs.text import Line, Lines, Tail, plain

# Lines with their ends; an empty line after a lone carriage return cannot be told from the end of that line.
ENDED = st.tuples(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1), st.sampled_from(["\n", "\r", "\r\n", "\r\r\n"])
)


@given(st.lists(ENDED), st.data())
def test_lines_come_whole_however_the_stream_is_cut(ended, data):
    stream = "".join(line + end for line, end in ended).encode()
    found, cut = Lines(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        cut += found.feed(stream[:size])
        stream = stream[size:]
    over = [False, *(end == "\r" for _, end in ended)]
    assert cut + found.close() == [(line, over[place]) for place, (line, _) in enumerate(ended)]


def test_a_carriage_return_ends_a_line_that_the_next_is_written_over():
    found = Lines()
    assert found.feed(b"10%\r50%") == [Line("10%")]
    assert found.feed(b" done\r") == [Line("50% done", over=True)]
    assert found.feed(b"\nwindows\r") == [Line("windows")]  # which ends with both, cut in between
    assert found.feed(b"\nnext") == []
    assert found.close() == [Line("next")]


def test_colours_and_links_are_no_part_of_a_line():
    line = b"\x1b[1;32mval_\x1b(B\x1b[macc\x1b[0m=\x1b[31m0.9\x1b[0m3\x1b]8;;http://a\x1b\\ \xc2\x9b4mok\n"
    assert Lines().feed(line) == [Line("val_acc=0.93 ok")]


def test_memory_is_bounded_and_the_end_of_a_long_line_is_kept():
    found = Lines()
    for _ in range(100):
        assert found.feed(b"x" * 65536) == []
    assert found.feed(b"acc=1\n") == [Line("x" * (65536 - 5) + "acc=1")]
    assert found.feed(b"y" * 200_000 + b"\n") == [Line("y" * 65536)]
    assert found.feed(b"\r" * 2**20) == [Line("")]


def test_bytes_that_are_no_text_are_marked():
    assert Lines().feed(b"\xff\xfeacc=1\n") == [Line("\N{REPLACEMENT CHARACTER}" * 2 + "acc=1")]


def test_the_tail_is_the_last_20_lines_of_at_most_4096_characters():
    tail = Tail()
    assert tail.text is None
    for number in range(30):
        tail.add(Line(str(number)))
    assert tail.text == "\n".join(map(str, range(10, 30)))
    tail.add(Line("z" * 10_000))
    assert tail.text == "z" * 4096


def test_the_tail_has_the_last_words_of_each_stream_in_their_order():
    tail = Tail()
    for number in range(8):
        tail.add(Line(f"error {number}"), 2)
    for number in range(50):
        tail.add(Line(f"out {number}"), 1)
    tail.add(Line("error 8"), 2)
    out = [f"out {number}" for number in range(35, 50)]
    assert (tail.text or "").split("\n") == [*(f"error {number}" for number in range(4, 8)), *out, "error 8"]


def test_the_tail_keeps_the_last_of_the_lines_that_are_written_over():
    tail = Tail()
    tail.add(Line("before"))
    for number in range(100):
        tail.add(Line("elsewhere"), 2) if number == 50 else None
        tail.add(Line(f"{number}%", over=number > 0))
    tail.add(Line("after"))
    assert tail.text == "before\nelsewhere\n99%\nafter"


def test_plain_text_moves_and_colours_nothing():
    assert plain("\x1b[31mred\x1b[0m\x00\tup\x1b]0;title\x07\x1b[2A\n\n") == "red\tup"
