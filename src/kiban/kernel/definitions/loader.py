"""Reads a service folder into a `Service`, or says everything that is wrong with it, each with file:line.

YAML is composed to nodes and every scalar is kept as the text that stands in the file; the schema converts by the
declared type. So `on:` stays a word, `011002` a code and `10:00` a time. Nothing half-loads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from kiban.kernel.definitions.model import Service

SCENARIOS = "scenarios.yaml"
_Path = tuple[str | int, ...]
_MAPS_OF_ELEMENTS = {
    "roles", "codes", "parameters", "forms", "procedures", "registries", "documents", "notices", "figures",
    "imports",
}  # fmt: skip
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class DefinitionProblem:
    """One problem of a definition; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.path}: {self.message}"


class DefinitionErrors(ValueError):
    """A definition is refused; `problems` lists all that was found, in order of place."""

    def __init__(self, problems: list[DefinitionProblem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Mark:
    file: str
    line: int
    column: int


class Marks:
    """Where each path of the definition stands."""

    def __init__(self) -> None:
        self._marks: dict[_Path, Mark] = {}

    def put(self, path: _Path, file: str, mark: yaml.Mark) -> None:
        self._marks.setdefault(path, Mark(file, mark.line + 1, mark.column + 1))

    def at(self, path: _Path) -> Mark:
        """The mark of the longest known beginning of `path` (validators add steps that the file does not have)."""
        known: _Path = ()
        for step in path:
            if (*known, step) in self._marks:
                known = (*known, step)
        return self._marks.get(known, Mark("service.yaml", 1, 1))

    def problem(self, path: _Path, message: str) -> DefinitionProblem:
        mark = self.at(path)
        return DefinitionProblem(mark.file, mark.line, mark.column, ".".join(map(str, path)), message)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A service with the marks of its words, for those who find further problems in it."""

    service: Service
    marks: Marks


class _Reader:
    def __init__(self, file: str, marks: Marks, problems: list[DefinitionProblem]) -> None:
        self.file, self.marks, self.problems = file, marks, problems

    def read(self, node: yaml.Node, path: _Path) -> object:
        self.marks.put(path, self.file, node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node)

    def _scalar(self, node: yaml.ScalarNode) -> object:
        plain = not node.style  # the C reader says '' for plain scalars, the Python one None
        return None if plain and node.value in ("", "null", "~") else node.value

    def _mapping(self, node: yaml.MappingNode, path: _Path) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<":
                self._say(key_node, path, "a key must be a plain word")
                continue
            key = key_node.value
            if key in result:
                self._say(key_node, (*path, key), "this key stands here twice")
            self.marks.put((*path, key), self.file, key_node.start_mark)
            result[key] = self.read(value_node, (*path, key))
        return result

    def _say(self, node: yaml.Node, path: _Path, message: str) -> None:
        mark = node.start_mark
        where = ".".join(map(str, path))
        self.problems.append(DefinitionProblem(self.file, mark.line + 1, mark.column + 1, where, message))


def _compose(file: str, text: str, problems: list[DefinitionProblem]) -> yaml.Node | None:
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                mark = event.start_mark
                line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
                problems.append(DefinitionProblem(file, line, column, "", "aliases are not allowed"))
                return None
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
        return node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problems.append(DefinitionProblem(file, line, column, "", error.problem or "not valid YAML"))
    except (yaml.YAMLError, RecursionError) as error:
        problems.append(DefinitionProblem(file, 1, 1, "", f"not valid YAML: {error.__class__.__name__}"))
    return None


def _merge(
    into: dict[str, object], words: Mapping[str, object], problems: list[DefinitionProblem], marks: Marks
) -> None:
    for key, value in words.items():
        if key not in into:
            into[key] = value
            continue
        known = into[key]
        if key in _MAPS_OF_ELEMENTS and isinstance(known, dict) and isinstance(value, dict):
            for name, element in value.items():
                if name in known:
                    problems.append(marks.problem((key, name), "is defined in two files"))
                known[name] = element
        else:
            problems.append(marks.problem((key,), "is defined in two files"))


def _message(error: Mapping[str, object]) -> str:
    kind, text = str(error["type"]), str(error["msg"])
    if kind == "extra_forbidden":
        return "this word is not known here"
    if kind == "missing":
        return "is missing"
    return re.sub(r"^(Value error|Assertion failed), ", "", text)


def read_texts(files: Mapping[str, str]) -> Loaded:
    """Loads the YAML texts of a folder (file name → text; other files and scenarios are passed over)."""
    problems: list[DefinitionProblem] = []
    marks, words = Marks(), dict[str, object]()
    for file in sorted(files, key=lambda name: (name != "service.yaml", name)):
        if not file.endswith((".yaml", ".yml")) or Path(file).name == SCENARIOS or "/" in file:
            continue
        node = _compose(file, files[file], problems)
        if node is None:
            continue
        if not isinstance(node, yaml.MappingNode):
            problems.append(DefinitionProblem(file, 1, 1, "", "must be a mapping of words"))
            continue
        read = _Reader(file, marks, problems).read(node, ())
        assert isinstance(read, dict)
        _merge(words, read, problems, marks)
    if not words and not problems:
        problems.append(DefinitionProblem("service.yaml", 1, 1, "", "the folder has no service.yaml"))
    service: Service | None = None
    if words:
        try:
            service = Service.model_validate(words)
        except ValidationError as errors:
            problems.extend(marks.problem(error["loc"], _message(dict(error))) for error in errors.errors())
    if problems or service is None:
        raise DefinitionErrors(problems)
    return Loaded(service, marks)


def read_folder(folder: Path) -> dict[str, str]:
    """All text files of a service folder that belong to its edition: YAML and Typst, by path inside the folder."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".yaml", ".yml", ".typ") and path.name != SCENARIOS:
            files[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    return files


def load_texts(files: Mapping[str, str]) -> Service:
    """`Service` from texts. Raises DefinitionErrors with every problem found."""
    return read_texts(files).service


def load(folder: Path) -> Service:
    """`Service` from a folder. Raises DefinitionErrors with every problem found, each with file:line."""
    return load_texts(read_folder(folder))
