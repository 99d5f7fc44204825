"""Models of pydantic and pystac out of a store, and profiles out of models."""

import datetime
import enum
from typing import Annotated, Literal, Optional

import pydantic
import pystac
import pytest
import stac_pydantic
import stacyard
from stac_pydantic.item import ItemProperties

from conftest import make


class Level(str, enum.Enum):
    LOW = "low"
    HIGH = "high"


class MARSProperties(ItemProperties):
    """Fields of one's own beside those of stac-pydantic."""

    model_config = pydantic.ConfigDict(extra="allow", populate_by_name=True)
    rate: Annotated[float, pydantic.Field(ge=0, le=1e6)] = pydantic.Field(alias="mars:emission_rate", description="What it emits", json_schema_extra={"unit": "kg/h", "column": "rate"})
    facility: Optional[str] = pydantic.Field(default=None, alias="mars:facility", json_schema_extra={"references": {"table": "mars.facilities", "column": "id", "on_delete": "restrict"}})
    quality: Literal[1, 2, 3] = pydantic.Field(alias="mars:quality", json_schema_extra={"queryable": False})
    level: Level | None = None
    passes: int = pydantic.Field(default=0, gt=-1)
    seen: datetime.datetime | None = None
    confirmed: bool = False


class MARSItem(stac_pydantic.Item):
    properties: MARSProperties


def test_a_profile_of_a_model_and_back():
    profile = stacyard.Profile.from_model(MARSProperties, collections=["plumes"])
    fields = {field.name: field for field in profile.fields}
    assert sorted(fields) == ["confirmed", "level", "mars:emission_rate", "mars:facility", "mars:quality", "passes", "seen"]
    rate = fields["mars:emission_rate"]
    assert (rate.type, rate.minimum, rate.maximum, rate.unit, rate.required, rate.column) == ("number", 0, 1e6, "kg/h", True, "rate")
    assert fields["mars:quality"].enum == (1, 2, 3) and not fields["mars:quality"].queryable
    assert fields["level"].enum == ("low", "high") and not fields["level"].required
    assert fields["mars:facility"].references == stacyard.Reference("mars.facilities", "id", "restrict")
    assert (fields["passes"].minimum, fields["passes"].type) == (0, "integer")
    assert (fields["seen"].type, fields["confirmed"].type) == ("datetime", "boolean")
    assert stacyard.Profile.from_model(MARSItem, collections=["plumes"]) == profile
    again = profile.to_model()
    assert stacyard.Profile.from_model(again, collections=["plumes"]) == profile
    assert stacyard.Profile(profile.text) == profile and hash(stacyard.Profile(profile.text)) == hash(profile)
    with pytest.raises(pydantic.ValidationError):
        again.model_validate({"mars:emission_rate": -1, "mars:quality": 1})
    assert again.model_validate({"mars:emission_rate": 1, "mars:quality": 1, "else": 2}).model_dump(by_alias=True)["else"] == 2


def test_texts_in_a_profile_are_what_they_were():
    odd = 'a "quoted" \\ text\nwith \x7f and é'
    profile = stacyard.Profile.from_fields([stacyard.Field(odd, "string", description=odd, enum=(odd, "x"))])
    assert (profile.fields[0].name, profile.fields[0].description, profile.fields[0].enum) == (odd, odd, (odd, "x"))


@pytest.mark.parametrize(
    ("annotation", "info"),
    [(dict, pydantic.Field()), (list[str], pydantic.Field()), (float, pydantic.Field(gt=0)), (Literal["a", 1], pydantic.Field())],
)
def test_what_a_profile_cannot_say_is_an_error(annotation, info):
    model = pydantic.create_model("Model", own=(annotation, info))
    with pytest.raises(stacyard.errors.Usage, match="own"):
        stacyard.Profile.from_model(model)


def test_the_profile_is_what_items_are_checked_by():
    profile = stacyard.Profile.from_model(MARSProperties)
    good = make("a", **{"mars:emission_rate": 5, "mars:quality": 1})
    bad = make("b", **{"mars:emission_rate": -5, "mars:quality": 7})
    report = stacyard.validate([good, bad], profile=profile)
    assert sorted(finding.pointer for finding in report.findings) == ["/properties/mars:emission_rate", "/properties/mars:quality"]
    with open("mars.toml", "w", encoding="utf-8") as file:
        file.write(profile.text)
    assert stacyard.Profile.read("mars.toml") == profile
    assert stacyard.validate([good, bad], profile="mars.toml").rejected == 1
    stacyard.copy([good], "x.parquet", profile="mars.toml")
    assert stacyard.open("x.parquet").profile == profile
    with pytest.raises(stacyard.errors.Usage) as raised:
        stacyard.Profile("[fields.x]\ntype = 'text'")
    assert raised.value.details


def test_items_as_models():
    item = make("a", **{"mars:emission_rate": 5.5, "mars:quality": 1})
    stacyard.copy([item], "x.parquet")
    found = stacyard.open("x.parquet").search()
    [mine] = found.to_models(MARSItem)
    assert isinstance(mine, MARSItem) and mine.properties.rate == 5.5
    [theirs] = found.to_models(pystac.Item)
    assert isinstance(theirs, pystac.Item) and theirs.properties["mars:quality"] == 1
    # What is invalid is told by the class itself.
    with pytest.raises(pydantic.ValidationError):
        stacyard.copy([make("b")], "y.ndjson")
        list(stacyard.open("y.ndjson").search().to_models(MARSItem))
    with pytest.raises(TypeError, match="model_validate"):
        found.to_models(dict)
    stacyard.copy([mine, theirs.clone()], "z.ndjson", mode="ignore")
    [again] = stacyard.open("z.ndjson").search()
    assert again["properties"]["mars:emission_rate"] == 5.5 and again["properties"]["mars:quality"] == 1
