//! Numbers as pictures have them.

use std::fmt::Write as _;

/// Appends a number with as many digits as can be seen.
pub(crate) fn push(out: &mut String, number: f64) {
    let start = out.len();
    // What cannot be written into a text does not exist.
    let _ = write!(out, "{number:.4}");
    while out.ends_with('0') {
        out.pop();
    }
    if out.ends_with('.') {
        out.pop();
    }
    if &out[start..] == "-0" {
        out.replace_range(start.., "0");
    }
}

/// The number with as many digits as can be seen.
pub(crate) fn shown(number: f64) -> String {
    let mut out = String::new();
    push(&mut out, number);
    out
}

/// A count with its digits in groups of three.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The same with what is counted: `1 Item`.
pub(crate) fn items(number: u64) -> String {
    format!("{} {}", count(number), if number == 1 { "Item" } else { "Items" })
}
