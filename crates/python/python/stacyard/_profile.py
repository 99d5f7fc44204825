"""Profiles: the fields of your own that Items have beside those of STAC, declared once (docs/profiles.md); and models of pydantic as such."""

from __future__ import annotations

import datetime
import enum
import json
import os
import types
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from . import _stacyard
from .errors import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pydantic

    from ._keywords import Path

FieldType = Literal["string", "integer", "number", "boolean", "datetime"]
Number = Union[int, float]


@dataclass(frozen=True)
class Reference:
    """A foreign key of a database."""

    table: str
    column: str
    on_delete: str = "no action"


@dataclass(frozen=True)
class Field:
    """One field of the properties."""

    name: str
    """Its name in `properties`."""
    type: FieldType
    """What its values are."""
    description: str | None = None
    unit: str | None = None
    minimum: Number | None = None
    """The least value."""
    maximum: Number | None = None
    """The greatest value."""
    enum: tuple[str | Number, ...] = ()
    """The values that there are; empty: any."""
    required: bool = False
    queryable: bool = True
    column: str | None = None
    """The name of its column in a database, where its own will not do."""
    references: Reference | None = None


class Profile:
    """A declaration of fields, of the text of a `profile.toml`.

    >>> import stacyard
    >>> profile = stacyard.Profile('''
    ... [fields."mars:emission_rate"]
    ... type = "number"
    ... unit = "kg/h"
    ... minimum = 0
    ... ''')
    >>> profile.fields[0].name, profile.fields[0].minimum
    ('mars:emission_rate', 0)

    Raises `errors.Usage`, with the line, for a text that is no profile.
    """

    handle: _stacyard.Profile

    def __init__(self, text: str) -> None:
        self.handle = _stacyard.Profile(text)

    @classmethod
    def read(cls, path: Path) -> Profile:
        """Of a file. Raises `errors.Usage` for one that declares no profile, `errors.NotFound` where there is none.

        >>> import pathlib, stacyard
        >>> made = pathlib.Path("mars.toml").write_text('[fields."mars:source"]\\ntype = "string"')
        >>> [field.name for field in stacyard.Profile.read("mars.toml").fields]
        ['mars:source']
        """
        return cls(_stacyard.Profile.read(os.fspath(path)).text)

    @property
    def text(self) -> str:
        """The declaration as it was written: what a `profile.toml` holds."""
        return self.handle.text

    @property
    def collections(self) -> list[str]:
        """Of which collections it speaks; empty: of all Items."""
        return self.handle.collections

    @property
    def fields(self) -> list[Field]:
        """The fields, by name."""
        return [_field(told) for told in self.handle.fields]

    @classmethod
    def from_fields(cls, fields: Sequence[Field], collections: Sequence[str] = ()) -> Profile:
        """Of fields.

        >>> import stacyard
        >>> print(stacyard.Profile.from_fields([stacyard.Field("mars:emission", "number", unit="kg/h", minimum=0)]).text, end="")
        [fields."mars:emission"]
        type = "number"
        unit = "kg/h"
        minimum = 0
        """
        lines = [f"collections = [{', '.join(_text(name) for name in collections)}]"] if collections else []
        for field in fields:
            lines += ["", f"[fields.{_text(field.name)}]", *_declared(field)]
        return cls("\n".join(lines).strip() + "\n")

    @classmethod
    def from_model(cls, model: type[pydantic.BaseModel], collections: Sequence[str] = ()) -> Profile:
        """Of a model of pydantic: the fields that it has beside those of stac-pydantic's own classes, by their aliases. Of an Item's model those of its `properties`.

        Descriptions, bounds (`ge`, `le`, and of integers `gt`, `lt`), `Literal`, enumerations and what is optional are taken over; `json_schema_extra` may say
        `unit`, `column`, `queryable` and `references` (table, column, on_delete). Raises `errors.Usage` for a field that a profile cannot say.

        >>> import pydantic, stacyard
        >>> class Plume(pydantic.BaseModel):
        ...     emission: float = pydantic.Field(alias="mars:emission", ge=0)
        >>> field = stacyard.Profile.from_model(Plume).fields[0]
        >>> field.name, field.minimum, field.required
        ('mars:emission', 0, True)
        """
        return cls.from_fields([_of_model(name, info) for name, info in _own_fields(model).items()], collections)

    def to_model(self, name: str = "Properties", base: type[pydantic.BaseModel] | None = None) -> type[pydantic.BaseModel]:
        """A model of pydantic with these fields, by their names as aliases; `from_model` makes this profile of it again. It keeps members that it does not know.

        >>> import stacyard
        >>> Properties = stacyard.Profile.from_fields([stacyard.Field("gsd", "number", required=True)]).to_model()
        >>> Properties.model_validate({"gsd": 30, "mine": 1}).model_dump(by_alias=True)
        {'gsd': 30.0, 'mine': 1}
        """
        import pydantic

        made: dict[str, Any] = {}
        for field in self.fields:
            made[_attribute(field.name, made)] = _to_model(field)
        if base is not None:
            return pydantic.create_model(name, __base__=base, **made)
        return pydantic.create_model(name, __config__=pydantic.ConfigDict(extra="allow", populate_by_name=True), **made)

    def __eq__(self, other: object) -> bool:
        """The same declaration, however it is written."""
        return self.handle == other.handle if isinstance(other, Profile) else NotImplemented

    def __hash__(self) -> int:
        return hash((tuple(self.collections), tuple(self.fields)))

    def __repr__(self) -> str:
        return f"<Profile of {', '.join(field.name for field in self.fields)}>"


def _field(told: dict[str, Any]) -> Field:
    references = told.pop("references")
    return Field(**{**told, "enum": tuple(told["enum"]), "references": None if references is None else Reference(*references)})


def _text(text: str) -> str:
    # Strings of TOML are those of JSON, but for one character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: str | Number) -> str:
    return _text(value) if isinstance(value, str) else repr(value)


def _declared(field: Field) -> list[str]:
    lines = [f"type = {_text(field.type)}"]
    texts = {"description": field.description, "unit": field.unit, "column": field.column}
    lines += [f"{key} = {_text(text)}" for key, text in texts.items() if text is not None]
    bounds = {"minimum": field.minimum, "maximum": field.maximum}
    lines += [f"{key} = {bound!r}" for key, bound in bounds.items() if bound is not None]
    if field.enum:
        lines.append(f"enum = [{', '.join(_value(value) for value in field.enum)}]")
    if field.required:
        lines.append("required = true")
    if not field.queryable:
        lines.append("queryable = false")
    if field.references:
        parts = {"table": field.references.table, "column": field.references.column, "on_delete": field.references.on_delete}
        lines.append(f"references = {{ {', '.join(f'{key} = {_text(text)}' for key, text in parts.items())} }}")
    return lines


def _own_fields(model: type[pydantic.BaseModel]) -> Mapping[str, Any]:
    """The fields of a model that stac-pydantic does not bring."""
    properties = model.model_fields.get("properties")
    inner = _without_none(properties.annotation)[0] if properties is not None else None
    if isinstance(inner, type) and hasattr(inner, "model_fields"):
        return _own_fields(inner)
    brought: set[str] = set()
    for base in model.__mro__[1:]:
        if base.__module__.split(".")[0] == "stac_pydantic":
            brought |= set(getattr(base, "model_fields", {}))
    return {name: info for name, info in model.model_fields.items() if name not in brought}


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """The type of what is there, and whether it may be None."""
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        if len(kinds) < len(get_args(annotation)) and len(kinds) == 1:
            return kinds[0], True
    return annotation, False


KINDS: dict[type, FieldType] = {str: "string", bool: "boolean", int: "integer", float: "number", datetime.datetime: "datetime"}


def _kind(annotation: Any) -> tuple[FieldType, tuple[str | Number, ...]] | None:
    """The type of values, and which there are."""
    if get_origin(annotation) is typing.Annotated:
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        values = get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        values = tuple(member.value for member in annotation)
    elif isinstance(annotation, type):
        # bool is an int, and both are asked for by themselves.
        found = next((kind for of, kind in KINDS.items() if annotation is of), None)
        found = found or next((kind for of, kind in KINDS.items() if issubclass(annotation, of)), None)
        return (found, ()) if found else None
    else:
        return None
    kinds = {KINDS.get(type(value)) for value in values}
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    kind = kinds.pop() if len(kinds) == 1 else None
    return (kind, values) if kind in ("string", "integer", "number") else None


def _of_model(attribute: str, info: Any) -> Field:
    name = info.serialization_alias or info.alias or attribute
    annotation, may_be_none = _without_none(info.annotation)
    kind = _kind(annotation)
    if kind is None:
        raise Usage(
            f"{name}: values of {annotation!r} cannot be said by a profile",
            remedy="there are str, int, float, bool, datetime, Literal and enumerations of them, each also with None",
        )
    type_, values = kind
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    references = extra.get("references")
    bounds = _bounds(name, type_, [*info.metadata, *getattr(annotation, "__metadata__", ())])
    return Field(
        name=name, type=type_, description=info.description, unit=extra.get("unit"), minimum=bounds.get("ge"), maximum=bounds.get("le"), enum=values,
        required=info.is_required() and not may_be_none, queryable=extra.get("queryable", True), column=extra.get("column"),
        references=None if references is None else Reference(**references),
    )


def _bounds(name: str, type_: FieldType, metadata: Sequence[Any]) -> dict[str, Number]:
    bounds: dict[str, Number] = {}
    for constraint in metadata:
        for key in ("ge", "le", "gt", "lt"):
            bound = getattr(constraint, key, None)
            if bound is None or type_ not in ("integer", "number"):
                continue
            if key in ("gt", "lt"):
                if type_ != "integer" or bound != int(bound):
                    raise Usage(f"{name}: a profile has no bounds that are left out ({key}={bound})", remedy="write ge or le")
                key, bound = ("ge", int(bound) + 1) if key == "gt" else ("le", int(bound) - 1)
            if type_ == "integer" and bound == int(bound):
                bound = int(bound)
            bounds[key] = bound
    return bounds


def _attribute(name: str, taken: Mapping[str, Any]) -> str:
    attribute = "".join(c if c.isalnum() and c.isascii() else "_" for c in name).strip("_") or "field"
    if attribute[0].isdigit() or attribute in ("model_config", "copy", "json", "dict", "schema"):
        attribute = f"field_{attribute}"
    while attribute in taken:
        attribute += "_"
    return attribute


def _to_model(field: Field) -> tuple[Any, Any]:
    import pydantic

    annotation: Any = Literal[field.enum] if field.enum else {kind: of for of, kind in KINDS.items()}[field.type]
    extra: dict[str, Any] = {"unit": field.unit, "column": field.column}
    extra = {key: text for key, text in extra.items() if text is not None}
    if not field.queryable:
        extra["queryable"] = False
    if field.references:
        extra["references"] = vars(field.references).copy()
    bounds = {} if field.enum else {"ge": field.minimum, "le": field.maximum}
    more: dict[str, Any] = {key: bound for key, bound in bounds.items() if bound is not None}
    info = pydantic.Field(... if field.required else None, alias=field.name, description=field.description, json_schema_extra=extra or None, **more)
    return (annotation if field.required else Union[annotation, None], info)
