import pytest

from sooner.errors import RecipeError
from sooner.recipes._yaml import read, write

# Nine times what stands above, again and again: 9 ** 9 values from 500 bytes; and one list in another.
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 9)
)
BOMB = f"extends: baseline\n{BOMB}"
CHAIN = "extends: baseline\na0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 3000))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5e-4", 0.0005),
        ("1E3", 1000.0),
        ("-.5e+1", -5.0),
        ("0.1", 0.1),
        ("12", 12),
        ("e4", "e4"),
        ("1e4ex", "1e4ex"),
        ("'5e-4'", "5e-4"),
    ],
)
def test_numbers(tmp_path, text, value):
    file = tmp_path / "r.yaml"
    file.write_text(f"key: {text}")
    assert read(file) == {"key": value}
    assert type(read(file)["key"]) is type(value)


def test_merge_keys_and_anchors_work(tmp_path):
    file = tmp_path / "r.yaml"
    file.write_text("a: &shared {x: 1, y: 2}\nb: {<<: *shared, y: 3}\n")
    assert read(file) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


def test_what_is_written_is_read_back_in_order(tmp_path):
    fields = {"name": "größer", "b": [1, 2.5e-9, {"x": None, "y": True}], "a": "no"}
    write(tmp_path / "r.yaml", fields)
    back = read(tmp_path / "r.yaml")
    assert back == fields
    assert list(back) == list(fields)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1, 2\n", ", line 3, column 1: expected ',' or ']'"),
        ("a: 1\n\tb: 2\n", ", line 2, column 1: found character '\\t'"),
        ("a: 1\nb: {c: 1, c: 2}", ", line 2, column 11: the key 'c' is there twice"),
        ("a: 1\na: 2", ", line 2, column 1: the key 'a' is there twice"),
        ("a: 1\n3: 2", ", line 2, column 1: a key must be text"),
        ("a: !!python/object/apply:os.getcwd []", ", line 1, column 4: could not determine a constructor"),
        ("- a", ": a recipe is a mapping of fields, such as 'budget: 0.1x'; it holds a list"),
        ("", ": a recipe is a mapping of fields, such as 'budget: 0.1x'; it is empty"),
        ("a: \x00", ": is not YAML: "),
        ("a: " + "[" * 3000 + "]" * 3000, ", line 1, column 44: this stands in more than 40 lists and mappings"),
        ("a: " + "{b: " * 3000 + "}" * 3000, ", line 1, column 161: this stands in more than 40 lists and mappings"),
        ("- " * 3000, ", line 1, column 83: this stands in more than 40 lists and mappings"),
        ("a: " + "9" * 5000, ", line 1, column 4: '99999999999999"),
        (
            "a: 9223372036854775808",
            ", line 1, column 4: '9223372036854775808' cannot be read: it has more than 64 bits",
        ),
        ("a: 1" + ":59" * 3000, ", line 1, column 4: '1:59:59:59"),
        ("a: 2020-13-45", ", line 1, column 4: '2020-13-45' cannot be read: month must be in 1..12"),
        ("a: &x [1, *x]", ", line 1, column 11: 'x' stands within what it is the name of"),
        ("a: &x {b: *x}", ", line 1, column 11: 'x' stands within what it is the name of"),
        (BOMB, ", line 6, column 5: with its aliases this is more than 10,000 values"),
        (CHAIN, ", line 41, column 6: with its aliases this is more than 10,000 values, or 40 within each other"),
        ("a: " + "b" * 2**20, ": is 1,048,579 bytes; a recipe is a few lines of YAML"),
    ],
)
def test_what_is_no_recipe_is_refused_with_file_and_line(tmp_path, text, message):
    file = tmp_path / "r.yaml"
    file.write_text(text)
    with pytest.raises(RecipeError) as error:
        read(file)
    assert str(error.value).startswith(f"{file}{message}")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"gone.yaml: there is no such file"):
        read(tmp_path / "gone.yaml")
    with pytest.raises(RecipeError, match="cannot be read"):
        read(tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"a: \xff")
    with pytest.raises(RecipeError, match=r"bytes.yaml: cannot be read: .*utf-8"):
        read(tmp_path / "bytes.yaml")
