//! Values in PostgreSQL's binary format (the `recv` and `send` functions of its types): fields of COPY, parameters and answers.

use bytes::BytesMut;
use jiff::Timestamp;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

type AnyError = Box<dyn std::error::Error + Sync + Send>;

/// The column is NULL.
pub(crate) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1_i32).to_be_bytes());
}

/// A column; `value` appends its bytes, fewer than 2 GiB.
pub(crate) fn write(out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    value(out);
    // Records have a limit far below; PostgreSQL refuses a wrong length.
    let length = i32::try_from(out.len() - at - 4).unwrap_or(i32::MAX);
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    write(out, |out| out.extend_from_slice(text.as_bytes()));
}

/// `jsonb`: a version, then JSON.
pub(crate) fn jsonb(out: &mut Vec<u8>, json: &str) {
    write(out, |out| {
        out.push(1);
        out.extend_from_slice(json.as_bytes());
    });
}

/// 2000-01-01T00:00:00Z in microseconds since 1970.
const EPOCH: i128 = 946_684_800_000_000;

/// `timestamptz`: microseconds since 2000, rounded down.
pub(crate) fn timestamptz(out: &mut Vec<u8>, at: Timestamp) {
    let micros = at.as_nanosecond().div_euclid(1_000) - EPOCH;
    // Jiff's instants end within the year 9999.
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    write(out, |out| out.extend_from_slice(&micros.to_be_bytes()));
}

/// `numeric`: an instant as seconds since 1970, with nine decimals.
pub(crate) fn seconds(out: &mut Vec<u8>, at: Timestamp) {
    let nanos = at.as_nanosecond();
    // In base 10,000, the last three digits after the point: nine decimals are two and a quarter of them.
    let mut left = nanos.unsigned_abs() * 1_000;
    let mut digits = Vec::new();
    while left > 0 {
        // A remainder of 10,000.
        digits.push(u16::try_from(left % 10_000).unwrap_or(0));
        left /= 10_000;
    }
    // The first digit's power of 10,000.
    let weight = i16::try_from(digits.len()).unwrap_or(0) - 4;
    digits.reverse();
    while digits.last() == Some(&0) {
        digits.pop();
    }
    let count = i16::try_from(digits.len()).unwrap_or(0);
    let sign: u16 = if nanos < 0 { 0x4000 } else { 0 };
    write(out, |out| {
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&weight.to_be_bytes());
        out.extend_from_slice(&sign.to_be_bytes());
        out.extend_from_slice(&9_u16.to_be_bytes());
        for digit in &digits {
            out.extend_from_slice(&digit.to_be_bytes());
        }
    });
}

/// Takes a field of COPY's binary format off; `None`: NULL.
pub(crate) fn next_field<'a>(row: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = row.split_first_chunk::<4>()?;
    *row = rest;
    let (field, rest) = rest.split_at_checked(usize::try_from(i32::from_be_bytes(*length)).ok()?)?;
    *row = rest;
    Some(field)
}

/// A field of COPY's binary format, which is what a parameter is sent as too.
#[derive(Debug)]
pub(crate) struct Field<'a>(pub(crate) Option<&'a [u8]>);

impl ToSql for Field<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        let Some(bytes) = self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// A `jsonb`, a `json` or a text as it comes.
pub(crate) struct Raw<'a>(pub(crate) &'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, AnyError> {
        // A version, which has been 1 ever since, stands before the text of jsonb.
        Ok(Self(if *kind == Type::JSONB { raw.get(1..).ok_or("an empty jsonb")? } else { raw }))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::JSONB | Type::JSON | Type::TEXT)
    }
}

/// A value of any type as the server sends it.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, AnyError> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
