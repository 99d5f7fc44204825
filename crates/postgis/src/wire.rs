//! Values in PostgreSQL's binary format (the `recv` and `send` functions of its types), for COPY.

use jiff::Timestamp;

/// The column is NULL.
pub(crate) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1_i32).to_be_bytes());
}

/// A column; `write` appends its bytes, fewer than 2 GiB.
pub(crate) fn field(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    // Records have a limit far below; PostgreSQL refuses a wrong length.
    let length = i32::try_from(out.len() - at - 4).unwrap_or(i32::MAX);
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    field(out, |out| out.extend_from_slice(text.as_bytes()));
}

/// `jsonb`: a version, then JSON.
pub(crate) fn jsonb(out: &mut Vec<u8>, json: &str) {
    field(out, |out| {
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
    field(out, |out| out.extend_from_slice(&micros.to_be_bytes()));
}

/// `numeric`: an instant as seconds since 1970, with nine decimals.
pub(crate) fn seconds(out: &mut Vec<u8>, at: Timestamp) {
    let nanos = at.as_nanosecond();
    // In base 10,000, the last three digits behind the point: nine decimals are two and a quarter of them.
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
    field(out, |out| {
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&weight.to_be_bytes());
        out.extend_from_slice(&sign.to_be_bytes());
        out.extend_from_slice(&9_u16.to_be_bytes());
        for digit in &digits {
            out.extend_from_slice(&digit.to_be_bytes());
        }
    });
}
