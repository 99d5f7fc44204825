//! Which column each field gets, decided from the shape of all Items.
//!
//! A column takes the type that most values have; what it cannot say exactly goes to the residual, row by row.

use arrow_schema::{DataType, FieldRef};
use stacyard_model::FieldType;

use crate::format::layout::{Column, Field, Layout, LeftOut, Null, RESERVED};
use crate::format::number::Whole;
use crate::format::time::TimeFormats;
use crate::write::fields::Fields;
use crate::write::item_shape::ItemShape;
use crate::write::shape::{Declared, Expected, Most, Shape, expected};
use crate::write::spelling::TimeShape;
use crate::write::table::{Taken, column_of, conform, first_of, leaves};
use crate::write::worth::{self, Dropped};

/// Values in more lists and structs than these live in the residual: readers of Arrow schemas give up at 64 levels.
const MAX_DEPTH: usize = 32;

impl Layout {
    /// Decides the columns.
    pub(crate) fn of(items: &ItemShape, declared: &Declared) -> Self {
        let dropped = Dropped::of(items, declared);
        let (left_out, of) = (dropped.len(), dropped.leaves);
        let table = declared.table.as_deref().unwrap_or_default();
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
            room: declared.max_columns.saturating_sub(leaves(table)),
        };
        let members = members(&mut planner, items);
        planner.spells_by_collection =
            members.iter().any(|field| &*field.name == "collection" && field.column == Column::Text);
        let properties = planner.fields(&items.properties, items.rows, Place::Properties, table);
        let geometry = items.geometry.whole();
        let bbox = items.bbox.whole();
        if !items.geometry.is_exact() || !items.bbox.is_exact() {
            planner.exceptions += 1;
        }
        let bbox_heights = items.bbox.three_d > 0;
        let points = items.geometry.empty == 0;
        let Planner { forgot: more, nameless, misfits, .. } = planner;
        let left_out = LeftOut { leaves: left_out, of, more, nameless, misfits };
        let residual = planner.exceptions > 0 || planner.forgot;
        Self { members, properties, geometry, points, bbox, bbox_heights, residual, left_out }
    }
}

/// The columns of the Items' own members. Those that the stac-geoparquet specification requires are always there, with
/// the fields that it names.
fn members(planner: &mut Planner<'_>, items: &ItemShape) -> Vec<Field> {
    let field = |name: &str, column| Field { name: name.into(), column, null: Null::Absent, partial: false };
    let texts = |names: &[&str]| names.iter().map(|name| field(name, Column::Text)).collect::<Vec<_>>();
    let list = |element| Column::List(Box::new(element));
    let table = planner.declared.table.as_deref().unwrap_or_default();
    let mut columns = planner.fields(&items.members, items.rows, Place::Item, table);
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
            None => {
                let known = table.iter().find(|known| known.name() == name);
                let default = known.map_or(Some(default.clone()), |known| {
                    conform(default, known.data_type()).or_else(|| first_of(known.data_type()))
                });
                columns.extend(default.map(|default| field(name, default)));
            }
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
    /// How many leaf columns a table may still get.
    room: usize,
}

impl Planner<'_> {
    /// The columns of the members of `objects` objects. In a table those that are `known` keep their types.
    fn fields(&mut self, fields: &Fields, objects: u64, place: Place, known: &[FieldRef]) -> Vec<Field> {
        let mut columns = Vec::new();
        let mut taken = self.declared.table.is_some().then(|| Taken::of(known, place != Place::Within));
        self.forgot |= fields.forgot;
        for (name, shape) in fields.iter() {
            let (present, nulls) = (shape.present(), shape.nulls);
            let in_properties = place == Place::Properties;
            let declared = self.declared.kind(name).filter(|_| in_properties);
            let expected = expected(name, in_properties);
            // A column without a name, or with one that is taken, no reader could tell from others.
            let nameless = name.is_empty()
                || name.contains('\0')
                || (in_properties && RESERVED.contains(&&**name))
                || taken.as_ref().is_some_and(|taken| !taken.may_have(name));
            let kept = known.iter().find(|field| **field.name() == **name).map(|field| field.data_type());
            let lost = self.lost;
            let column = match (declared, kept) {
                _ if nameless || self.dropped.has(shape) => None,
                (_, Some(kept)) => self.kept(shape, kept, expected),
                (Some(kind), None) => Some(self.declared(shape, kind)),
                (None, None) => self.column(shape, expected),
            };
            // What searches and keys rely on is there in any case.
            let is_essential = place == Place::Item || (in_properties && self.declared.is_essential(name));
            let column = column.filter(|column| kept.is_some() || self.has_room(column) || is_essential);
            let Some(column) = column else {
                // No assets at all: the column that is there in any case says so.
                let are_told = place == Place::Item && &**name == "assets" && worth::inner(shape).is_none();
                let are_empty = place == Place::Item && matches!(&**name, "links" | "stac_extensions");
                self.nameless += if nameless { present } else { 0 };
                let told =
                    if are_told { shape.objects } else { 0 } + if are_empty { shape.arrays } else { 0 };
                self.exceptions += present + nulls - told;
                self.forgot |= shape.fields.forgot;
                continue;
            };
            let absent = objects.saturating_sub(present + nulls);
            self.exceptions += nulls.min(absent);
            // Every Item has a `datetime`: who sets one to null means null.
            let is_always_there = in_properties && &**name == "datetime" && absent == 0;
            let null = if nulls > absent || is_always_there { Null::Null } else { Null::Absent };
            let is_counted = !shape.incomplete || (in_properties && is_essential);
            let partial = self.lost > lost || !is_counted;
            if let Some(taken) = &mut taken {
                taken.add(name);
            }
            columns.push(Field { name: name.clone(), column, null, partial });
        }
        if self.declared.table.is_some() {
            // An Item that moves from file to file is the same text, and so has the same tag (ETag).
            columns.sort_by(|a, b| a.name.cmp(&b.name));
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
            // A table waits for a value: its column has one type for good.
            Most::Nothing if self.declared.table.is_some() => return None,
            Most::Nothing => Column::Text,
            Most::Numbers => self.number(shape),
            Most::Strings => self.text(shape, expected),
            Most::Booleans => Column::Boolean,
            Most::Arrays => {
                let element =
                    shape.element.as_deref().map(|element| self.column(element, Expected::Anything));
                // Lists that are all empty are lists of anything; of elements without a column there is no list.
                let anything = self.declared.table.is_none().then_some(Column::Text);
                Column::List(Box::new(element.unwrap_or(anything)?))
            }
            Most::Objects if expected == Expected::Geometry => self.geometry(shape)?,
            Most::Objects => {
                let fields = self.fields(&shape.fields, shape.objects, Place::Within, &[]);
                // Parquet has no struct without fields.
                if fields.is_empty() {
                    return None;
                }
                Column::Struct(fields)
            }
        })
    }

    /// The column that a table has for the place, whatever the values are; `None`: one that is of others, or that nothing can be in.
    fn kept(&mut self, shape: &Shape, of: &DataType, expected: Expected) -> Option<Column> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let column = self.kept_within(shape, of, expected);
        self.depth -= 1;
        column
    }

    fn kept_within(&mut self, shape: &Shape, of: &DataType, expected: Expected) -> Option<Column> {
        match of {
            DataType::Boolean => Some(self.declared(shape, FieldType::Boolean)),
            DataType::Int64 => Some(self.declared(shape, FieldType::Integer)),
            DataType::Float64 => Some(self.declared(shape, FieldType::Number)),
            DataType::Utf8 => Some(self.declared(shape, FieldType::String)),
            DataType::Timestamp(_, Some(_)) => Some(self.declared(shape, FieldType::Datetime)),
            DataType::Binary if expected == Expected::Geometry => {
                self.misfit(shape.present() - shape.objects);
                self.geometry(shape)
            }
            DataType::Struct(known) => {
                self.misfit(shape.present() - shape.objects);
                let fields = self.fields(&shape.fields, shape.objects, Place::Within, known);
                (!fields.is_empty()).then_some(Column::Struct(fields))
            }
            DataType::List(element) => {
                self.misfit(shape.present() - shape.arrays);
                let of = element.data_type();
                let kept =
                    shape.element.as_deref().and_then(|shape| self.kept(shape, of, Expected::Anything));
                Some(Column::List(Box::new(kept.or_else(|| column_of(of))?)))
            }
            _ => None,
        }
    }

    /// Whether a table may have one more column, which then counts.
    fn has_room(&mut self, column: &Column) -> bool {
        if self.declared.table.is_none() || matches!(column, Column::Struct(_) | Column::List(_)) {
            return true;
        }
        let has_room = self.room > 0;
        self.room = self.room.saturating_sub(1);
        has_room
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
