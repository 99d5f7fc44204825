//! What can be wrong with a text before it is anything of STAC: the errors of the JSON parser.

use std::fmt;

/// Why a text is not one JSON value that the gate takes, and where.
///
/// The rules are those of RFC 8259, made strict where it leaves a choice: one value and nothing after it,
/// no byte order mark, no duplicate names, no lone surrogates, at most [`MAX_DEPTH`](super::MAX_DEPTH) levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub kind: SyntaxErrorKind,
    /// Where, in bytes from the start of the text.
    pub offset: usize,
}

/// The kinds of [`SyntaxError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// The text ends in the middle of a value.
    Truncated,
    /// There is no value at all.
    Empty,
    /// The text starts with a UTF-8 byte order mark.
    ByteOrderMark,
    /// The bytes are not UTF-8.
    InvalidUtf8,
    /// A byte that cannot stand here.
    Unexpected {
        /// The byte found.
        found: u8,
        /// What could have stood here.
        expected: &'static str,
    },
    /// `NaN`, `Infinity` or `-Infinity`, which some printers emit and JSON does not know.
    NotANumber,
    /// A number that is not written as RFC 8259 section 6 says.
    InvalidNumber,
    /// A control character (below U+0020) that stands in a string without being escaped.
    ControlCharacter(u8),
    /// A backslash followed by something that is no escape.
    InvalidEscape,
    /// Half of a UTF-16 surrogate pair: no text can hold it.
    LoneSurrogate,
    /// A name that occurs twice in one object.
    DuplicateKey(String),
    /// More nested arrays and objects than the limit.
    TooDeep,
    /// A second value, or anything else, after the value.
    TrailingData,
    /// A text of more bytes than a tape can address.
    TooLong,
}

impl SyntaxErrorKind {
    pub(super) fn at(self, offset: usize) -> SyntaxError {
        SyntaxError { kind: self, offset }
    }
}

impl fmt::Display for SyntaxErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the JSON ends too early"),
            Self::Empty => f.write_str("there is no JSON value"),
            Self::ByteOrderMark => f.write_str("the text starts with a byte order mark (U+FEFF)"),
            Self::InvalidUtf8 => f.write_str("the text is not UTF-8"),
            Self::Unexpected { found: 0, expected } => write!(f, "a NUL byte where {expected} is expected"),
            Self::Unexpected { found, expected } if found.is_ascii_graphic() => {
                write!(f, "`{}` where {expected} is expected", char::from(*found))
            }
            Self::Unexpected { found, expected } => {
                write!(f, "byte 0x{found:02X} where {expected} is expected")
            }
            Self::NotANumber => f.write_str("NaN and Infinity are not JSON"),
            Self::InvalidNumber => f.write_str("a number that is not written as JSON wants it"),
            Self::ControlCharacter(0) => f.write_str("a NUL byte in a string"),
            Self::ControlCharacter(byte) => {
                write!(f, "the control character 0x{byte:02X} stands unescaped in a string")
            }
            Self::InvalidEscape => f.write_str("an unknown escape in a string"),
            Self::LoneSurrogate => f.write_str("half of a surrogate pair in a string"),
            Self::DuplicateKey(key) => {
                // A name may be as long as the text.
                let start = &key[..key.floor_char_boundary(200)];
                let more = if start.len() < key.len() { "…" } else { "" };
                write!(f, "the name {start:?}{more} occurs twice in one object")
            }
            Self::TooDeep => write!(f, "more than {} levels of nesting", super::MAX_DEPTH),
            Self::TrailingData => f.write_str("something follows the JSON value"),
            Self::TooLong => write!(f, "more than {} bytes in one JSON text", super::MAX_TEXT_BYTES),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.kind, self.offset)
    }
}

impl std::error::Error for SyntaxError {}
