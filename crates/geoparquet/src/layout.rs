//! Which column each field gets, decided from the shape of all Items.
//!
//! A column takes the type that most values have; what it cannot say exactly goes to the residual, row by row.

use stacyard_model::{FieldType, TimeStyle};

use crate::bbox::BboxShape;
use crate::number::Whole;
use crate::shape::{Declared, Expected, Fields, GeometryShape, Shape, expected};
use crate::time::TimeFormat;

/// The column of JSON Patches that make the Items exact.
pub(crate) const RESIDUAL: &str = "stacyard:residual";

/// More leaf columns than these make the footer larger than the data: the rarest fields live in the residual.
pub(crate) const MAX_LEAVES: usize = 1_000;

/// Values in more lists and structs than these live in the residual: readers of Arrow schemas give up at 64 levels.
const MAX_DEPTH: usize = 32;

/// Members of an Item that are no properties. A property of such a name would collide with a column, which the
/// stac-geoparquet specification does not support: it lives in the residual.
pub(crate) const RESERVED: [&str; 11] = [
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "collection",
    "geometry",
    "bbox",
    "properties",
    "links",
    "assets",
    RESIDUAL,
];

/// The columns of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    /// `id`, `collection`, `stac_version`, `stac_extensions`, `links`, `assets`: those that occur.
    pub(crate) members: Vec<Field>,
    pub(crate) properties: Vec<Field>,
    /// How coordinates are spelled.
    pub(crate) geometry: Whole,
    /// How the numbers of `bbox` are spelled.
    pub(crate) bbox: Whole,
    /// Some boxes have heights.
    pub(crate) bbox_heights: bool,
    /// Some Item needs the residual column.
    pub(crate) residual: bool,
}

/// A named column, or a field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    pub(crate) column: Column,
    /// What a null in the column means.
    pub(crate) null: Null,
    /// Some values are not these of the column, but in the residual: nobody may prune by it.
    pub(crate) partial: bool,
}

/// What a null means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Null {
    /// The member is not there.
    #[default]
    Absent,
    /// The member is there and is null.
    Null,
}

/// The type of a column, and how its values are written in JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Column {
    Boolean,
    Integer,
    Float(Whole),
    Text,
    Time(TimeFormat),
    Geometry(Whole),
    Struct(Vec<Field>),
    List(Box<Column>),
}

/// All that the first pass counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemShape {
    pub(crate) rows: u64,
    pub(crate) members: Fields,
    pub(crate) properties: Fields,
    pub(crate) geometry: GeometryShape,
    pub(crate) bbox: BboxShape,
    /// Members that have no column: foreign ones.
    pub(crate) foreign: u64,
}

impl Layout {
    /// Decides the columns.
    pub(crate) fn of(items: &ItemShape, declared: &Declared) -> Self {
        Self::with_limit(items, declared, MAX_LEAVES)
    }

    pub(crate) fn with_limit(items: &ItemShape, declared: &Declared, max_leaves: usize) -> Self {
        let mut planner = Planner {
            declared,
            exceptions: items.foreign,
            lost: 0,
            rarest: Rarest::limit(items, max_leaves),
            depth: 0,
        };
        let members = members(&mut planner, items);
        let properties = planner.fields(&items.properties, items.rows, Place::Properties);
        let geometry = items.geometry.whole();
        let bbox = items.bbox.whole();
        if !items.geometry.is_exact() || !items.bbox.is_exact() {
            planner.exceptions += 1;
        }
        let bbox_heights = items.bbox.three_d > 0;
        Self { members, properties, geometry, bbox, bbox_heights, residual: planner.exceptions > 0 }
    }
}

/// The columns of the Items' own members. Those that the stac-geoparquet specification requires are always there, with
/// the fields that it names.
fn members(planner: &mut Planner<'_>, items: &ItemShape) -> Vec<Field> {
    let field = |name: &str, column| Field { name: name.into(), column, null: Null::Absent, partial: false };
    let text = |name: &str| field(name, Column::Text);
    let mut columns = planner.fields(&items.members, items.rows, Place::Item);
    let link = Column::Struct(["href", "rel", "type", "title"].map(text).into());
    for (name, element) in [("links", link), ("stac_extensions", Column::Text)] {
        let default = Column::List(Box::new(element));
        match columns.iter_mut().find(|field| *field.name == *name) {
            // Lists that are all empty say nothing of their elements.
            Some(field) if field.column == Column::List(Box::new(Column::Text)) => field.column = default,
            Some(_) => {}
            None => columns.push(field(name, default)),
        }
    }
    columns.sort_by_key(|field| RESERVED.iter().position(|name| **name == *field.name));
    columns
}

/// How many values each leaf column would have.
fn leaf_counts(fields: &Fields, counts: &mut Vec<u64>) {
    for (_, shape) in fields.iter() {
        shape_leaf_counts(shape, counts);
    }
}

fn shape_leaf_counts(shape: &Shape, counts: &mut Vec<u64>) {
    match &shape.element {
        _ if is_leaf(shape) => counts.push(shape.present() + shape.nulls),
        Some(element) if shape.arrays >= shape.objects => shape_leaf_counts(element, counts),
        _ => leaf_counts(&shape.fields, counts),
    }
}

/// Whether its column has no columns inside it.
fn is_leaf(shape: &Shape) -> bool {
    let innermost =
        std::iter::successors(Some(shape), |shape| shape.element.as_deref()).last().unwrap_or(shape);
    innermost.fields.iter().next().is_none()
}

/// Which leaves get a column: those with more values than `below`, and the first `ties` of those with as many.
#[derive(Debug, Default)]
struct Rarest {
    below: u64,
    ties: usize,
}

impl Rarest {
    fn limit(items: &ItemShape, max_leaves: usize) -> Self {
        let mut counts = Vec::new();
        leaf_counts(&items.members, &mut counts);
        leaf_counts(&items.properties, &mut counts);
        if counts.len() <= max_leaves {
            return Self { below: 0, ties: usize::MAX };
        }
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let below = counts[max_leaves];
        let more = counts.iter().take_while(|&&count| count > below).count();
        Self { below, ties: max_leaves - more }
    }

    /// Whether a leaf with so many values gets a column.
    fn admits(&mut self, count: u64) -> bool {
        if count == self.below {
            let admitted = self.ties > 0;
            self.ties = self.ties.saturating_sub(1);
            return admitted;
        }
        count > self.below
    }
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
    rarest: Rarest,
    /// How many lists and structs stand around the column that is being decided.
    depth: usize,
}

impl Planner<'_> {
    /// The columns of the members of `objects` objects.
    fn fields(&mut self, fields: &Fields, objects: u64, place: Place) -> Vec<Field> {
        let mut columns = Vec::new();
        for (name, shape) in fields.iter() {
            let (present, nulls) = (shape.present(), shape.nulls);
            let in_properties = place == Place::Properties;
            let declared = self.declared.kind(name).filter(|_| in_properties);
            let expected = expected(name, in_properties);
            // A column without a name, or with one that is taken, no reader could tell from others.
            let nameless =
                name.is_empty() || name.contains('\0') || (in_properties && RESERVED.contains(&&**name));
            // Searches need these, however rare they are.
            let essential = place == Place::Item || expected == Expected::Time || declared.is_some();
            let admitted = !is_leaf(shape) || self.rarest.admits(present + nulls) || essential;
            let lost = self.lost;
            let column = match declared {
                _ if nameless || !admitted => None,
                Some(kind) => Some(self.declared(shape, kind)),
                None => self.column(shape, expected),
            };
            let Some(column) = column else {
                self.exceptions += present + nulls;
                continue;
            };
            let absent = objects.saturating_sub(present + nulls);
            self.exceptions += nulls.min(absent);
            let null = if nulls > absent { Null::Null } else { Null::Absent };
            columns.push(Field { name: name.clone(), column, null, partial: self.lost > lost });
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
        let most = counts.iter().copied().max().unwrap_or(0);
        self.lose(shape.present() - most);
        Some(match counts.iter().position(|&count| count == most) {
            // Where all are null, others look for a column of the type that it has elsewhere; the search does too.
            _ if most == 0 && expected == Expected::Time => Column::Time(TimeFormat::default()),
            _ if most == 0 => Column::Text,
            Some(0) => self.number(shape),
            Some(1) => self.text(shape, expected),
            Some(2) => Column::Boolean,
            Some(3) => {
                let element =
                    shape.element.as_deref().map(|element| self.column(element, Expected::Anything));
                // Lists that are all empty are lists of anything; of elements without a column there is no list.
                Column::List(Box::new(element.unwrap_or(Some(Column::Text))?))
            }
            _ if expected == Expected::Geometry => self.geometry(shape)?,
            _ => {
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
                self.lose(shape.present() - shape.strings);
                Column::Text
            }
            FieldType::Boolean => {
                self.lose(shape.present() - shape.booleans);
                Column::Boolean
            }
            FieldType::Integer => {
                self.lose(shape.present() - shape.integers - shape.long_integers);
                Column::Integer
            }
            FieldType::Number => {
                self.lose(shape.present() - shape.numbers());
                self.float(shape)
            }
            FieldType::Datetime => {
                self.lose(shape.present() - shape.strings);
                self.time(shape)
            }
        }
    }

    fn lose(&mut self, values: u64) {
        self.lost += values;
        self.exceptions += values;
    }

    fn number(&mut self, shape: &Shape) -> Column {
        if shape.floats() == 0 && shape.integers + shape.long_integers > 0 {
            self.lose(shape.huge_integers);
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
        if expected != Expected::Time || shape.times.total() * 2 <= shape.strings {
            return Column::Text;
        }
        self.time(shape)
    }

    fn time(&mut self, shape: &Shape) -> Column {
        let times = &shape.times;
        let most = |counts: &[(TimeStyle, u64)]| {
            counts.iter().copied().max_by_key(|&(style, count)| (count, std::cmp::Reverse(style)))
        };
        let fixed = most(&times.styles);
        let trimmed = most(&times.trimmed);
        let (format, fits) = match (fixed, trimmed) {
            (Some((style, fixed)), trimmed) if trimmed.is_none_or(|(_, count)| fixed >= count) => {
                let digits = Some(style.fraction_digits);
                (TimeFormat { digits, style: TimeStyle { fraction_digits: 0, ..style } }, fixed)
            }
            (_, Some((style, count))) => (TimeFormat { digits: None, style }, count),
            _ => (TimeFormat::default(), 0),
        };
        // An instant in another format, or of more digits, is in the column all the same, rounded down.
        self.lose(shape.strings - times.total());
        self.exceptions += times.total() - fits;
        Column::Time(format)
    }

    fn geometry(&mut self, shape: &Shape) -> Option<Column> {
        let geometries = &shape.geometries;
        self.exceptions += shape.objects - geometries.valid;
        self.exceptions += u64::from(!geometries.is_exact());
        (geometries.valid > 0).then(|| Column::Geometry(geometries.whole()))
    }
}
