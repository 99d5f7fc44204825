//! Leaf columns to Arrow arrays: lists, structs and nulls out of levels
//! ([Dremel](https://research.google/pubs/dremel-interactive-analysis-of-web-scale-datasets-2/), section 4).

use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, BinaryArray, BooleanArray, ListArray, PrimitiveArray, StringArray, StructArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, FieldRef, Fields, TimeUnit};
use parquet::basic::{Repetition, Type as PhysicalType};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::Type;

use crate::read::damage::damaged;
use crate::read::leaf::{Column, Values};
use crate::read::page::{Leaf, Physical};

/// A column, or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    field: FieldRef,
    /// The definition level from which on it has a value, and from which on there is a place for one.
    definition: u8,
    place: u8,
    /// How many lists it stands in.
    depth: u8,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Leaf(Leaf),
    Struct(Vec<Node>),
    List(Box<Node>),
}

/// Where a node stands.
#[derive(Clone, Copy, Default)]
struct Level {
    definition: u8,
    place: u8,
    depth: u8,
}

impl Node {
    /// The columns of a file, each with the range of its leaves; `None` for one with a part of another type.
    pub(crate) fn roots(schema: &Type, fields: &Fields) -> Vec<(Range<usize>, Option<Self>)> {
        let mut next = 0;
        let root = |(part, field): (&Arc<Type>, &FieldRef)| {
            let first = next;
            let node = Self::of(part, field, Level::default(), &mut next);
            (first..next, node)
        };
        schema.get_fields().iter().zip(fields).map(root).collect()
    }

    fn of(part: &Type, field: &FieldRef, mut level: Level, next: &mut usize) -> Option<Self> {
        let first = *next;
        let repetition = part.get_basic_info().repetition();
        if repetition == Repetition::OPTIONAL {
            level.definition = level.definition.checked_add(1)?;
        }
        let kind = match (part, field.data_type()) {
            (Type::PrimitiveType { physical_type, .. }, data_type) => {
                let leaf = |physical| Leaf {
                    number: first,
                    physical,
                    definition: level.definition,
                    repetition: level.depth,
                };
                physical(*physical_type, data_type).map(leaf).map(Kind::Leaf)
            }
            (Type::GroupType { fields: parts, .. }, DataType::Struct(fields))
                if parts.len() == fields.len() =>
            {
                let inner = parts.iter().zip(fields);
                let inner = inner.map(|(part, field)| Self::of(part, field, level, next));
                inner.collect::<Option<_>>().map(Kind::Struct)
            }
            (Type::GroupType { fields: parts, .. }, DataType::List(element)) => match &**parts {
                [repeated] if is_list(repeated) => {
                    let definition = level.definition.checked_add(1)?;
                    let inner = Level { definition, place: definition, depth: level.depth.checked_add(1)? };
                    let element = Self::of(repeated.get_fields().first()?, element, inner, next);
                    element.map(|element| Kind::List(Box::new(element)))
                }
                _ => None,
            },
            _ => None,
        };
        // Those of a part that is not read here count as well.
        *next = first + leaves(part);
        let Level { definition, place, depth } = level;
        let kind = kind.filter(|_| repetition != Repetition::REPEATED)?;
        Some(Self { field: Arc::clone(field), definition, place, depth, kind })
    }

    /// The part of it that has the wanted leaves, if any.
    pub(crate) fn project(&self, wanted: &impl Fn(usize) -> bool) -> Option<Self> {
        let (kind, data_type) = match &self.kind {
            Kind::Leaf(leaf) => return wanted(leaf.number).then(|| self.clone()),
            Kind::Struct(parts) => {
                let parts: Vec<Self> = parts.iter().filter_map(|part| part.project(wanted)).collect();
                let fields: Fields = parts.iter().map(|part| Arc::clone(&part.field)).collect();
                ((!parts.is_empty()).then_some(Kind::Struct(parts))?, DataType::Struct(fields))
            }
            Kind::List(element) => {
                let element = element.project(wanted)?;
                let field = Arc::clone(&element.field);
                (Kind::List(Box::new(element)), DataType::List(field))
            }
        };
        let field = Arc::new(self.field.as_ref().clone().with_data_type(data_type));
        Some(Self { field, kind, ..*self })
    }

    pub(crate) fn field(&self) -> &FieldRef {
        &self.field
    }

    /// Its leaves, in the order of the file.
    pub(crate) fn each_leaf(&self, each: &mut impl FnMut(&Leaf)) {
        match &self.kind {
            Kind::Leaf(leaf) => each(leaf),
            Kind::Struct(parts) => parts.iter().for_each(|part| part.each_leaf(each)),
            Kind::List(element) => element.each_leaf(each),
        }
    }

    /// The array of the entries of its leaves, which are taken from the front.
    pub(crate) fn array(&self, columns: &mut std::vec::IntoIter<Column>) -> Result<ArrayRef> {
        let contradiction = || damaged("the levels of its columns contradict each other");
        // All leaves below say the same of what is above them.
        let first = columns.as_slice().first().ok_or_else(contradiction)?;
        let (count, nulls) = self.nulls(first);
        let array: Result<ArrayRef, _> = match &self.kind {
            Kind::Leaf(_) => {
                let values = columns.next().ok_or_else(contradiction)?.values;
                return self.values(values, count, nulls);
            }
            Kind::Struct(parts) => {
                let arrays = parts.iter().map(|part| part.array(columns)).collect::<Result<_>>()?;
                let fields = parts.iter().map(|part| Arc::clone(&part.field)).collect();
                StructArray::try_new(fields, arrays, nulls).map(|array| Arc::new(array) as _)
            }
            Kind::List(element) => {
                let offsets = self.offsets(first, element.place).ok_or_else(contradiction)?;
                let values = element.array(columns)?;
                let field = Arc::clone(&element.field);
                ListArray::try_new(field, offsets, values, nulls).map(|array| Arc::new(array) as _)
            }
        };
        array.map_err(ParquetError::from)
    }

    /// How many places there are for it, and which of them have no value.
    fn nulls(&self, column: &Column) -> (usize, Option<NullBuffer>) {
        let valid: BooleanBuffer = match (&*column.repetition, &*column.definition) {
            ([], []) => return (column.entries, None),
            (repetition, []) => {
                return (repetition.iter().filter(|&&level| level <= self.depth).count(), None);
            }
            ([], definition) => {
                BooleanBuffer::collect_bool(definition.len(), |entry| definition[entry] >= self.definition)
            }
            (repetition, definition) => {
                let levels = repetition.iter().zip(definition);
                let places = levels.filter(|(repetition, definition)| {
                    **repetition <= self.depth && **definition >= self.place
                });
                places.map(|(_, &definition)| definition >= self.definition).collect()
            }
        };
        let count = valid.len();
        (count, Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0))
    }

    /// Where the elements of its lists begin and end. `element`: the definition level from which on there is one.
    fn offsets(&self, column: &Column, element: u8) -> Option<OffsetBuffer<i32>> {
        let (mut offsets, mut end) = (Vec::new(), 0_i32);
        let mut add = |repetition: u8, is_list: bool, is_element: bool| {
            if repetition <= self.depth && is_list {
                offsets.push(end);
            }
            if repetition <= self.depth + 1 && is_element {
                end = end.checked_add(1)?;
            }
            Some(())
        };
        if column.definition.is_empty() {
            column.repetition.iter().try_for_each(|&repetition| add(repetition, true, true))?;
        } else {
            column.repetition.iter().zip(&column.definition).try_for_each(|(&repetition, &definition)| {
                add(repetition, definition >= self.place, definition >= element)
            })?;
        }
        offsets.push(end);
        // No element stands in front of all lists.
        (offsets[0] == 0).then(|| OffsetBuffer::new(offsets.into()))
    }

    /// The array of a leaf's values, with places for those that are not there.
    fn values(&self, values: Values, count: usize, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let contradiction = || damaged("a column holds another number of values than its levels say");
        let valid = nulls.as_ref();
        let array: Result<ArrayRef, _> = match values {
            Values::Boolean(values) => {
                let values = spread(values, count, valid).ok_or_else(contradiction)?;
                Ok(Arc::new(BooleanArray::new(values.into(), nulls)))
            }
            Values::Four(values) => {
                let values = spread(values, count, valid).ok_or_else(contradiction)?;
                return self.numbers(Buffer::from_vec(values), count, nulls);
            }
            Values::Eight(values) => {
                let values = spread(values, count, valid).ok_or_else(contradiction)?;
                return self.numbers(Buffer::from_vec(values), count, nulls);
            }
            Values::Bytes(lengths, texts) => {
                i32::try_from(texts.len()).map_err(|_| damaged("a batch has more than 2 GiB of texts"))?;
                let lengths = spread(lengths, count, valid).ok_or_else(contradiction)?;
                let (offsets, texts) = (OffsetBuffer::from_lengths(lengths), Buffer::from_vec(texts));
                if *self.field.data_type() == DataType::Utf8 {
                    StringArray::try_new(offsets, texts, nulls).map(|array| Arc::new(array) as _)
                } else {
                    BinaryArray::try_new(offsets, texts, nulls).map(|array| Arc::new(array) as _)
                }
            }
        };
        array.map_err(ParquetError::from)
    }

    fn numbers(&self, values: Buffer, count: usize, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let data_type = self.field.data_type();
        Ok(match data_type {
            DataType::Int32 => primitive::<Int32Type>(values, count, nulls, data_type),
            DataType::UInt32 => primitive::<UInt32Type>(values, count, nulls, data_type),
            DataType::Float32 => primitive::<Float32Type>(values, count, nulls, data_type),
            DataType::Date32 => primitive::<Date32Type>(values, count, nulls, data_type),
            DataType::Int64 => primitive::<Int64Type>(values, count, nulls, data_type),
            DataType::UInt64 => primitive::<UInt64Type>(values, count, nulls, data_type),
            DataType::Float64 => primitive::<Float64Type>(values, count, nulls, data_type),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                primitive::<TimestampMillisecondType>(values, count, nulls, data_type)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                primitive::<TimestampMicrosecondType>(values, count, nulls, data_type)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                primitive::<TimestampNanosecondType>(values, count, nulls, data_type)
            }
            _ => return Err(damaged("a column has values of another type")),
        })
    }
}

fn primitive<T: ArrowPrimitiveType>(
    values: Buffer,
    count: usize,
    nulls: Option<NullBuffer>,
    data_type: &DataType,
) -> ArrayRef {
    let values = ScalarBuffer::new(values, 0, count);
    Arc::new(PrimitiveArray::<T>::new(values, nulls).with_data_type(data_type.clone()))
}

/// A value for each place, any where there is none; `None` if there are more or fewer.
fn spread<T: Default + Clone>(values: Vec<T>, count: usize, nulls: Option<&NullBuffer>) -> Option<Vec<T>> {
    let (all, present) = (values.len(), count - nulls.map_or(0, NullBuffer::null_count));
    let Some(nulls) = nulls.filter(|_| all == present) else { return (all == present).then_some(values) };
    let mut spread = vec![T::default(); count];
    for (place, value) in nulls.valid_indices().zip(values) {
        spread[place] = value;
    }
    Some(spread)
}

/// A group of which a list has as many as elements, and of which the element is the only member.
fn is_list(part: &Type) -> bool {
    part.get_basic_info().repetition() == Repetition::REPEATED
        && matches!(part, Type::GroupType { fields, .. } if fields.len() == 1)
}

fn leaves(part: &Type) -> usize {
    match part {
        Type::PrimitiveType { .. } => 1,
        Type::GroupType { fields, .. } => fields.iter().map(|part| leaves(part)).sum(),
    }
}

/// How the values of a type stand in a page, if they are read here.
fn physical(physical: PhysicalType, data_type: &DataType) -> Option<Physical> {
    match (physical, data_type) {
        (PhysicalType::BOOLEAN, DataType::Boolean) => Some(Physical::Boolean),
        (PhysicalType::INT32, DataType::Int32 | DataType::UInt32 | DataType::Date32)
        | (PhysicalType::FLOAT, DataType::Float32) => Some(Physical::Four),
        (
            PhysicalType::INT64,
            DataType::Int64
            | DataType::UInt64
            | DataType::Timestamp(TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond, _),
        )
        | (PhysicalType::DOUBLE, DataType::Float64) => Some(Physical::Eight),
        (PhysicalType::BYTE_ARRAY, DataType::Utf8 | DataType::Binary) => Some(Physical::Bytes),
        _ => None,
    }
}
