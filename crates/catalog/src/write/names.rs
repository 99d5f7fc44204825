//! Names of files made of values: ids, collections, properties.
//!
//! A name has letters, digits, `-`, `.` and `_`, and for each other byte `~` with two hexadecimal digits. It is the same as a name of a file and in a
//! URL: a `%` would be read back by some programs and not by others. Names that mean something to a system are spelled so, too.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The name of a folder of Items that lack what it goes by: no value is spelled so.
pub(super) const NONE: &str = "~none";

/// The longest name: with `.json` and what tells it from another one it is less than the 255 bytes of a file system.
const LONGEST: usize = 200;

/// Names of our own files; and devices, which have no extension on Windows, or any.
const TAKEN: [&str; 7] = ["catalog.json", "collection.json", "items.parquet", "con", "prn", "aux", "nul"];

/// The name of a value.
pub(super) fn name(value: &str) -> String {
    let mut name = String::with_capacity(value.len());
    let stem = value.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_port = (stem.starts_with("com") || stem.starts_with("lpt")) && stem.len() == 4;
    let lower = value.to_ascii_lowercase();
    let is_taken = is_port || TAKEN.iter().any(|taken| *taken == lower || *taken == stem);
    let last = value.len().saturating_sub(1);
    for (at, byte) in value.bytes().enumerate() {
        // A name that begins with a dot is hidden; Windows loses one at the end.
        let is_plain = match byte {
            b'.' => at != 0 && at != last,
            _ => byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_',
        };
        if is_plain && !(is_taken && at == 0) {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "~{byte:02X}");
        }
    }
    match name.len() {
        0 => "~".to_owned(),
        1..=LONGEST => name,
        _ => told_apart(&name[..LONGEST - 40], value),
    }
}

/// A name with something after it that only this value has.
pub(super) fn told_apart(name: &str, value: &str) -> String {
    let mut name = format!("{name}~~");
    for byte in Sha256::digest(value).iter().take(8) {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// The value of a name, as people are shown it.
pub(super) fn shown(name: &str) -> String {
    if name == NONE {
        return "(none)".to_owned();
    }
    let plain = name.replace('%', "%25").replace('~', "%");
    percent_encoding::percent_decode_str(&plain).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_name_leads_elsewhere_or_is_that_of_another() {
        let long = "é".repeat(150);
        let values = [
            "S2A_MSIL2A.SAFE",
            "a/b",
            "a~2Fb",
            "../../x",
            ".",
            "..",
            ".hidden",
            "end.",
            "",
            "CON",
            "con.txt",
            "COM1",
            "catalog.json",
            "Catalog.json",
            "a b",
            "a%20b",
            "é",
            "a\0b",
            "a\nb",
            "~none",
            "~",
            "a\\b",
            "c:",
            &long,
            "-rf",
        ];
        let mut names = HashMap::new();
        for value in values {
            let name = name(value);
            assert!(
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
                "{name}"
            );
            assert!(
                !name.starts_with('.') && !name.ends_with('.') && (1..=LONGEST).contains(&name.len()),
                "{name}"
            );
            assert!(!TAKEN.contains(&name.to_ascii_lowercase().as_str()) && name != NONE, "{name}");
            assert_eq!(names.insert(name.clone(), value), None, "{name}");
            if value.len() < 100 && !value.is_empty() {
                assert_eq!(shown(&name), value);
            }
        }
        assert_eq!(name("S2A_MSIL2A.SAFE"), "S2A_MSIL2A.SAFE");
        assert_eq!(name("../../x"), "~2E.~2F..~2Fx");
        assert_ne!(name(&long), name(&format!("{long}x")));
    }
}
