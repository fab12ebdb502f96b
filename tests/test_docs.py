"""Pages tell the truth: examples run as they stand, commands and options exist, links and paths lead somewhere."""

import re
import shlex
from itertools import pairwise, product
from pathlib import Path

import pytest

import plasticity
from plasticity import networks, rules
from plasticity._utils.own import is_own
from plasticity.cli.app import command
from plasticity.cli.comparing import split
from plasticity.cli.listing import BEFORE, LISTS
from plasticity.encoding import catalogue as encoders
from plasticity.learner.ways import WAYS
from plasticity.readout import catalogue as readouts

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md",
         *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md")))]
#: option -> what makes an object of its text; "," or "+" parts several
NOUNS = {"--rule": rules.make, "--rules": rules.make, "--network": networks.make, "--networks": networks.make,
         "--encoder": encoders.make, "--readout": readouts.make}


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def fenced(page: str) -> list[tuple[str, str]]:
    """(language, content) of each block between fences."""
    return re.findall(r"^```(\w*)\n(.*?)^```", text(page), re.DOTALL | re.MULTILINE)


def blocks(page: str) -> list[str]:
    return [content for language, content in fenced(page) if language == "python"]


def shown(page: str) -> list[str]:
    """Command lines in blocks, which can be copied as they are."""
    plain = re.sub(r"^```.*?^```", "", text(page), flags=re.DOTALL | re.MULTILINE)
    lines = [*re.findall(r"^ {4}(\S.*)$", plain, re.MULTILINE),
             *(line for language, content in fenced(page) if language != "python" for line in content.splitlines())]
    return [line for line in lines if re.match(r"plasticity [a-z]+\b", line)]


def mentioned(page: str) -> list[str]:
    """What stands between backticks, on one line."""
    plain = re.sub(r"^```.*?^```", "", text(page), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(words.split()) for words in re.findall(r"`([^`]+)`", plain)]


def called(words: list[str]):
    """The command that words name, and the words that remain."""
    found, words = command(), words[1:]
    while hasattr(found, "commands"):
        assert words and words[0] in found.commands, f"{words[:1]} is no command of {sorted(found.commands)}"
        found, words = found.commands[words[0]], words[1:]
    return found, words


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
def test_examples_run(page, capsys, tmp_path, monkeypatch, one_thread):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {"__name__": "example"}
    for block in blocks(page):
        exec(compile(block, page, "exec"), namespace)
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize(("page", "line"), [(page, line) for page in PAGES for line in shown(page)])
def test_commands_that_are_shown_can_be_given(page, line):
    words = shlex.split(line, comments=True)
    found, rest = called(words)
    given = found.make_context(words[1], list(rest)).params  # raises for what is missing, unknown or of another type
    if "what" in given:
        assert given["what"] in LISTS
    for option, value in pairwise(rest):
        if option in NOUNS:
            for part in value.split("+") if option == "--readout" else split(value, option):
                assert is_own(part) or NOUNS[option](part)


@pytest.mark.parametrize("page", PAGES)
def test_options_that_are_mentioned_exist(page):
    for words in (words.split() for words in mentioned(page) if re.match(r"plasticity [a-z]+\b", words)):
        for each in product(*(word.split("|") for word in words[:3])):  # "plasticity bench stdp|eprop"
            found, rest = called([*each, *words[3:]])
            options = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
            assert {word for word in rest if word.startswith("--")} <= options, " ".join(words)
            if found.name == "list" and rest:
                assert rest[0] in {*LISTS, *BEFORE}, " ".join(words)


def test_the_door_stands_in_the_first_thirty_lines_of_the_readme():
    first = "\n".join(text("README.md").splitlines()[:30])
    for words in ("from plasticity import Learner", "compare(", "network=", "rule=", "encoder=", "readout=", "engine=",
                  "plasticity run", "plasticity compare", "plasticity predict", "plasticity list"):
        assert words in first


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)", text(page)):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_mentioned_exist(page):
    targets = set(re.findall(r"^([a-z][a-z-]*):", text("Makefile") + text("scripts/bench/peers.mk"), re.MULTILINE))
    for words in (words.split() for words in mentioned(page)):
        path = re.fullmatch(r"(?:docs|scripts|tests|plasticity|networks|datasets)/[a-z\d_/.-]+\.[a-z]+", words[-1 if
                            words[0].endswith("python") else 0])
        assert path is None or (ROOT / path[0]).exists(), f"{page} names {path[0]}"
        if words[0] == "make" and len(words) > 1:
            assert words[1] in targets, f"{page} names make {words[1]}"


@pytest.mark.parametrize("name", WAYS)
def test_the_page_of_the_learner_tells_the_defaults(name):
    way = WAYS[name]
    (row,) = [line for line in text("docs/learner.md").splitlines() if line.startswith(f"| `{name}` |")]
    *_, network, _, readout, engine, epochs, batch = (cell.strip() for cell in row.strip("|").split("|"))
    assert [epochs, batch] == [str(way.epochs), str(way.batch)]
    assert network == (f"`{way.network}`" if way.network else "its own")
    assert readout == (f"`{way.readout}`" if way.readout else "its own")
    assert way.engine is None or engine == f"`{way.engine}`"


def test_the_version_is_the_same_everywhere():
    assert f"## [{plasticity.__version__}]" in text("CHANGELOG.md")
    for page in ("CITATION.cff", "setup.py"):
        (version,) = re.findall(r'^\s*version[:=] ?"?([\d.]+)', text(page), re.MULTILINE)
        assert version == plasticity.__version__


def test_types_are_announced():
    assert (Path(plasticity.__file__).parent / "py.typed").is_file() and "py.typed" in text("setup.py")
