//! Random Arrow columns of every type that another writer may use and that has a value in JSON, with what makes searches
//! hard: nulls, NaN, infinities, negative zeros, the ends of integers, keys of maps that few rows have.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, DictionaryArray, LargeListArray, LargeStringArray, ListArray,
    MapArray, NullArray, PrimitiveArray, StringArray, StringViewArray, StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer, i256};
use arrow_schema::{DataType, Field, Fields};

/// A random number generator of the simplest sort (SplitMix64): the same numbers of the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

const WHOLE: [i64; 9] = [0, 1, -1, 5, 7, 100, i64::MAX, i64::MIN, 9_007_199_254_740_993];
const FLOATS: [f64; 13] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    7.0,
    1e22,
    -1e-7,
    9_007_199_254_740_992.0,
    f64::NAN,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];
const TEXTS: [&str; 11] = [
    "",
    "a",
    "b",
    "a%b",
    "it's",
    "Ärger",
    "a\u{10FFFF}",
    "7",
    "2024-01-01T00:00:00Z",
    "a text that is longer than the sixty-four bytes which statistics keep of it, up to here",
    "a text that is longer than the sixty-four bytes which statistics keep of it, and no more",
];
const KEYS: [&str; 4] = ["k", "x", "a.b", "Ä"];
/// Milliseconds since 1970.
const TIMES: [i64; 6] = [0, 1, -1, 1_704_067_200_000, 1_704_067_200_001, 4_102_444_800_000];
const ZONES: [Option<&str>; 3] = [None, Some("UTC"), Some("+02:00")];

fn primitive<T: ArrowPrimitiveType>(
    dice: &mut Dice,
    rows: usize,
    value: impl Fn(&mut Dice) -> T::Native,
) -> PrimitiveArray<T> {
    let nulls = dice.pick(&[0, 0, 2, 4]);
    (0..rows).map(|_| (nulls == 0 || !dice.one_in(nulls)).then(|| value(dice))).collect()
}

fn texts<'a>(dice: &mut Dice, rows: usize, from: &[&'a str]) -> Vec<Option<&'a str>> {
    (0..rows).map(|_| (!dice.one_in(4)).then(|| dice.pick(from))).collect()
}

fn nulls(dice: &mut Dice, rows: usize) -> Option<NullBuffer> {
    let every = dice.pick(&[0, 3, 3]);
    (every > 0).then(|| (0..rows).map(|_| !dice.one_in(every)).collect::<Vec<bool>>().into())
}

/// So many lists: where they begin and end, and how many elements there are.
fn offsets(dice: &mut Dice, lists: usize) -> (Vec<usize>, usize) {
    let lengths: Vec<usize> = (0..lists).map(|_| dice.below(3)).collect();
    let total = lengths.iter().sum();
    (lengths, total)
}

pub(crate) fn wkb_point(x: f64, y: f64) -> Vec<u8> {
    [&[1, 1, 0, 0, 0][..], &x.to_le_bytes(), &y.to_le_bytes()].concat()
}

/// A column of numbers of one of eight types near these, rounded as the type has it.
#[expect(clippy::cast_possible_truncation, reason = "it saturates")]
pub(crate) fn numbers(kind: usize, values: &[Option<f64>]) -> ArrayRef {
    let each = |value: &Option<f64>| value.map(|value| value.round() as i64);
    let whole = values.iter().map(each);
    match kind {
        0 => Arc::new(whole.map(|value| value.map(|v| v as i16)).collect::<PrimitiveArray<Int16Type>>()),
        1 => Arc::new(whole.map(|value| value.map(|v| v as i32)).collect::<PrimitiveArray<Int32Type>>()),
        2 => Arc::new(whole.collect::<PrimitiveArray<Int64Type>>()),
        3 => Arc::new(
            values.iter().map(|value| value.map(|v| v as f32)).collect::<PrimitiveArray<Float32Type>>(),
        ),
        4 => {
            let cents = values.iter().map(|value| value.map(|v| (v * 100.0).round() as i128));
            let cents: PrimitiveArray<Decimal128Type> = cents.collect();
            Arc::new(cents.with_precision_and_scale(9, 2).unwrap())
        }
        5 => Arc::new(values.iter().map(|v| v.map(f64::round)).collect::<PrimitiveArray<Float64Type>>()),
        _ => Arc::new(values.iter().copied().collect::<PrimitiveArray<Float64Type>>()),
    }
}

/// A column of a random type.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any number will do")]
pub(crate) fn column(dice: &mut Dice, rows: usize, depth: usize) -> ArrayRef {
    macro_rules! integers {
        ($type:ty, $native:ty) => {
            Arc::new(primitive::<$type>(dice, rows, |dice| dice.pick(&WHOLE) as $native))
        };
    }
    macro_rules! times {
        ($type:ty, $value:expr) => {{
            let zone = dice.pick(&ZONES);
            Arc::new(primitive::<$type>(dice, rows, $value).with_timezone_opt(zone))
        }};
    }
    match dice.below(if depth == 0 { 22 } else { 27 }) {
        0 => integers!(Int8Type, i8),
        1 => integers!(Int16Type, i16),
        2 => integers!(Int32Type, i32),
        3 => integers!(Int64Type, i64),
        4 => integers!(UInt8Type, u8),
        5 => integers!(UInt16Type, u16),
        6 => integers!(UInt32Type, u32),
        7 => integers!(UInt64Type, u64),
        8 => {
            let floats = primitive::<Float32Type>(dice, rows, |dice| dice.pick(&FLOATS) as f32);
            Arc::new(floats.unary::<_, Float16Type>(|value| {
                <<Float16Type as ArrowPrimitiveType>::Native>::from_f32(value)
            }))
        }
        9 => Arc::new(primitive::<Float32Type>(dice, rows, |dice| dice.pick(&FLOATS) as f32)),
        10 | 11 => Arc::new(primitive::<Float64Type>(dice, rows, |dice| dice.pick(&FLOATS))),
        12 => {
            let (precision, scale) = dice.pick(&[(9, 2), (18, 0), (38, 10)]);
            let decimals =
                primitive::<Decimal128Type>(dice, rows, |dice| i128::from(dice.pick(&WHOLE) % 1_000_000_000));
            Arc::new(decimals.with_precision_and_scale(precision, scale).unwrap())
        }
        13 => {
            let decimals =
                primitive::<Decimal256Type>(dice, rows, |dice| i256::from_i128(dice.pick(&WHOLE).into()));
            Arc::new(decimals.with_precision_and_scale(60, 7).unwrap())
        }
        14 => Arc::new(primitive::<Date32Type>(dice, rows, |dice| (dice.pick(&TIMES) / 86_400_000) as i32)),
        15 => times!(TimestampMillisecondType, |dice| dice.pick(&TIMES)),
        16 => times!(TimestampMicrosecondType, |dice| dice.pick(&TIMES) * 1_000 + dice.pick(&[0, 1])),
        17 => times!(TimestampNanosecondType, |dice| dice.pick(&TIMES) * 1_000_000 + dice.pick(&[0, 1])),
        18 => {
            Arc::new((0..rows).map(|_| (!dice.one_in(4)).then(|| dice.one_in(2))).collect::<BooleanArray>())
        }
        19 | 20 => {
            let values = texts(dice, rows, &TEXTS);
            match dice.below(4) {
                0 => Arc::new(LargeStringArray::from(values)),
                1 => Arc::new(StringViewArray::from(values)),
                2 => Arc::new(values.into_iter().collect::<DictionaryArray<Int32Type>>()),
                _ => Arc::new(StringArray::from(values)),
            }
        }
        21 if dice.one_in(3) => Arc::new(NullArray::new(rows)),
        21 => {
            let points: Vec<Vec<u8>> = (0..rows).map(|_| wkb_point(1.0, dice.pick(&[1.0, 2.5]))).collect();
            Arc::new(points.iter().map(|point| (!dice.one_in(3)).then_some(point)).collect::<BinaryArray>())
        }
        22 | 23 => {
            let names = &KEYS[..=dice.below(KEYS.len())];
            let columns: Vec<ArrayRef> = names.iter().map(|_| column(dice, rows, depth - 1)).collect();
            let fields = names.iter().zip(&columns);
            let fields: Fields =
                fields.map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
            let nulls = nulls(dice, rows);
            Arc::new(StructArray::new(fields, columns, nulls))
        }
        24 | 25 => {
            let (lengths, total) = offsets(dice, rows);
            let elements = column(dice, total, depth - 1);
            let field = Arc::new(Field::new("item", elements.data_type().clone(), true));
            let nulls = nulls(dice, rows);
            if dice.one_in(2) {
                Arc::new(LargeListArray::new(field, OffsetBuffer::from_lengths(lengths), elements, nulls))
            } else {
                Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(lengths), elements, nulls))
            }
        }
        _ => map(dice, rows, depth),
    }
}

fn map(dice: &mut Dice, rows: usize, depth: usize) -> ArrayRef {
    let mut keys = Vec::new();
    let mut lengths = Vec::new();
    for _ in 0..rows {
        let some: Vec<&str> = KEYS.iter().copied().filter(|_| dice.one_in(3)).collect();
        lengths.push(some.len());
        keys.extend(some);
    }
    let values = column(dice, keys.len(), depth - 1);
    let fields: Fields =
        vec![Field::new("key", DataType::Utf8, false), Field::new("value", values.data_type().clone(), true)]
            .into();
    let entries = StructArray::new(fields.clone(), vec![Arc::new(StringArray::from(keys)), values], None);
    let field = Arc::new(Field::new("key_value", DataType::Struct(fields), false));
    Arc::new(MapArray::new(field, OffsetBuffer::from_lengths(lengths), entries, nulls(dice, rows), false))
}
