//! Which column each field gets, decided from the shape of all Items.
//!
//! A column takes the type that most values have; what it cannot say exactly goes to the residual, row by row.

use stacyard_model::FieldType;

use crate::format::layout::{Column, Field, Layout, LeftOut, Null, RESERVED};
use crate::format::number::Whole;
use crate::format::time::TimeFormats;
use crate::write::fields::Fields;
use crate::write::item_shape::ItemShape;
use crate::write::shape::{Declared, Expected, Most, Shape, expected};
use crate::write::spelling::TimeShape;
use crate::write::worth::{self, Dropped};

/// Values in more lists and structs than these live in the residual: readers of Arrow schemas give up at 64 levels.
const MAX_DEPTH: usize = 32;

impl Layout {
    /// Decides the columns.
    pub(crate) fn of(items: &ItemShape, declared: &Declared) -> Self {
        let dropped = Dropped::of(items, declared);
        let (leaves, of) = (dropped.len(), dropped.leaves);
        let mut planner = Planner {
            declared,
            exceptions: items.foreign,
            lost: 0,
            nameless: items.foreign,
            misfits: 0,
            dropped,
            depth: 0,
            spells_by_collection: false,
            forgot: false,
        };
        let members = members(&mut planner, items);
        planner.spells_by_collection =
            members.iter().any(|field| &*field.name == "collection" && field.column == Column::Text);
        let properties = planner.fields(&items.properties, items.rows, Place::Properties);
        let geometry = items.geometry.whole();
        let bbox = items.bbox.whole();
        if !items.geometry.is_exact() || !items.bbox.is_exact() {
            planner.exceptions += 1;
        }
        let bbox_heights = items.bbox.three_d > 0;
        let Planner { forgot: more, nameless, misfits, .. } = planner;
        let left_out = LeftOut { leaves, of, more, nameless, misfits };
        let residual = planner.exceptions > 0 || planner.forgot;
        Self { members, properties, geometry, bbox, bbox_heights, residual, left_out }
    }
}

/// The columns of the Items' own members. Those that the stac-geoparquet specification requires are always there, with
/// the fields that it names.
fn members(planner: &mut Planner<'_>, items: &ItemShape) -> Vec<Field> {
    let field = |name: &str, column| Field { name: name.into(), column, null: Null::Absent, partial: false };
    let texts = |names: &[&str]| names.iter().map(|name| field(name, Column::Text)).collect::<Vec<_>>();
    let list = |element| Column::List(Box::new(element));
    let mut columns = planner.fields(&items.members, items.rows, Place::Item);
    let roles = field("roles", list(Column::Text));
    let asset = [texts(&["href", "type", "title"]), vec![roles]].concat();
    for (name, default) in [
        ("links", list(Column::Struct(texts(&["href", "rel", "type", "title"])))),
        ("stac_extensions", list(Column::Text)),
        // Parquet has no struct without fields. Readers take an Item that has none of these assets as one without assets.
        ("assets", Column::Struct(vec![field("data", Column::Struct(asset))])),
    ] {
        match columns.iter_mut().find(|field| *field.name == *name) {
            // Lists that are all empty say nothing of their elements.
            Some(field) if name != "assets" && field.column == list(Column::Text) => field.column = default,
            Some(_) => {}
            None => columns.push(field(name, default)),
        }
    }
    columns.sort_by_key(|field| RESERVED.iter().position(|name| **name == *field.name));
    columns
}

/// Where a field stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the Item itself.
    Item,
    /// In its properties.
    Properties,
    /// Further down.
    Within,
}

struct Planner<'a> {
    declared: &'a Declared,
    /// Values that their column cannot give back as they are written.
    exceptions: u64,
    /// Those of them that the column does not even hold in another spelling.
    lost: u64,
    /// As in [`LeftOut`].
    nameless: u64,
    misfits: u64,
    dropped: Dropped,
    /// How many lists and structs stand around the column that is being decided.
    depth: usize,
    /// There is a column that says which collection an Item is of.
    spells_by_collection: bool,
    /// Some names were not counted.
    forgot: bool,
}

impl Planner<'_> {
    /// The columns of the members of `objects` objects.
    fn fields(&mut self, fields: &Fields, objects: u64, place: Place) -> Vec<Field> {
        let mut columns = Vec::new();
        self.forgot |= fields.forgot;
        for (name, shape) in fields.iter() {
            let (present, nulls) = (shape.present(), shape.nulls);
            let in_properties = place == Place::Properties;
            let declared = self.declared.kind(name).filter(|_| in_properties);
            let expected = expected(name, in_properties);
            // A column without a name, or with one that is taken, no reader could tell from others.
            let nameless =
                name.is_empty() || name.contains('\0') || (in_properties && RESERVED.contains(&&**name));
            let lost = self.lost;
            let column = match declared {
                _ if nameless || self.dropped.has(shape) => None,
                Some(kind) => Some(self.declared(shape, kind)),
                None => self.column(shape, expected),
            };
            let Some(column) = column else {
                // No assets at all: the column that is there in any case says so.
                let are_told = place == Place::Item && &**name == "assets" && worth::inner(shape).is_none();
                self.nameless += if nameless { present } else { 0 };
                self.exceptions += present + nulls - if are_told { shape.objects } else { 0 };
                self.forgot |= shape.fields.forgot;
                continue;
            };
            let absent = objects.saturating_sub(present + nulls);
            self.exceptions += nulls.min(absent);
            // Every Item has a `datetime`: who sets one to null means null.
            let is_always_there = in_properties && &**name == "datetime" && absent == 0;
            let null = if nulls > absent || is_always_there { Null::Null } else { Null::Absent };
            let is_counted = !shape.incomplete || (in_properties && self.declared.is_essential(name));
            let partial = self.lost > lost || !is_counted;
            columns.push(Field { name: name.clone(), column, null, partial });
        }
        columns
    }

    /// The column for values of this shape; `None` where no column type can hold any of them.
    fn column(&mut self, shape: &Shape, expected: Expected) -> Option<Column> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let column = self.column_within(shape, expected);
        self.depth -= 1;
        column
    }

    fn column_within(&mut self, shape: &Shape, expected: Expected) -> Option<Column> {
        let counts = [shape.numbers(), shape.strings, shape.booleans, shape.arrays, shape.objects];
        self.misfit(shape.present() - counts.iter().copied().max().unwrap_or(0));
        Some(match shape.most() {
            // Where all are null, others look for a column of the type that it has elsewhere; the search does too.
            Most::Nothing if expected == Expected::Time => Column::Time(TimeFormats::default()),
            Most::Nothing => Column::Text,
            Most::Numbers => self.number(shape),
            Most::Strings => self.text(shape, expected),
            Most::Booleans => Column::Boolean,
            Most::Arrays => {
                let element =
                    shape.element.as_deref().map(|element| self.column(element, Expected::Anything));
                // Lists that are all empty are lists of anything; of elements without a column there is no list.
                Column::List(Box::new(element.unwrap_or(Some(Column::Text))?))
            }
            Most::Objects if expected == Expected::Geometry => self.geometry(shape)?,
            Most::Objects => {
                let fields = self.fields(&shape.fields, shape.objects, Place::Within);
                // Parquet has no struct without fields.
                if fields.is_empty() {
                    return None;
                }
                Column::Struct(fields)
            }
        })
    }

    /// The column of a field that a profile declares, whatever its values are.
    fn declared(&mut self, shape: &Shape, kind: FieldType) -> Column {
        match kind {
            FieldType::String => {
                self.misfit(shape.present() - shape.strings);
                Column::Text
            }
            FieldType::Boolean => {
                self.misfit(shape.present() - shape.booleans);
                Column::Boolean
            }
            FieldType::Integer => {
                self.misfit(shape.present() - shape.integers - shape.long_integers);
                Column::Integer
            }
            FieldType::Number => {
                self.misfit(shape.present() - shape.numbers());
                self.float(shape)
            }
            FieldType::Datetime => {
                self.misfit(shape.present() - shape.strings);
                self.time(shape)
            }
        }
    }

    /// Values of which the column has nothing.
    fn misfit(&mut self, values: u64) {
        self.misfits += values;
        self.lose(values);
    }

    fn lose(&mut self, values: u64) {
        self.lost += values;
        self.exceptions += values;
    }

    fn number(&mut self, shape: &Shape) -> Column {
        if shape.floats() == 0 && shape.integers + shape.long_integers > 0 {
            self.misfit(shape.huge_integers);
            return Column::Integer;
        }
        self.float(shape)
    }

    fn float(&mut self, shape: &Shape) -> Column {
        self.lose(shape.long_integers + shape.huge_integers + shape.long_floats);
        self.exceptions += shape.integers.min(shape.whole_floats);
        Column::Float(if shape.integers > shape.whole_floats { Whole::Integer } else { Whole::Float })
    }

    fn text(&mut self, shape: &Shape, expected: Expected) -> Column {
        let times = shape.times.as_ref().map_or(0, |times| times.total());
        if expected != Expected::Time || times * 2 <= shape.strings {
            return Column::Text;
        }
        self.time(shape)
    }

    fn time(&mut self, shape: &Shape) -> Column {
        let times = shape.times.as_deref();
        let (formats, fits) = times.map(|times| times.formats(self.spells_by_collection)).unwrap_or_default();
        let total = times.map_or(0, TimeShape::total);
        // An instant in another format, or of more digits, is in the column all the same, rounded down.
        self.misfit(shape.strings - total);
        self.exceptions += total - fits;
        Column::Time(formats)
    }

    fn geometry(&mut self, shape: &Shape) -> Option<Column> {
        let geometries = shape.geometries.as_deref()?;
        self.exceptions += shape.objects - geometries.valid;
        self.exceptions += u64::from(!geometries.is_exact());
        (geometries.valid > 0).then(|| Column::Geometry(geometries.whole()))
    }
}
