//! The parser: one pass over the bytes that checks the syntax and notes where each value stands.

use std::collections::HashSet;

use super::error::{SyntaxError, SyntaxErrorKind as E};
use super::value::{Kind, Value};
use super::{MAX_DEPTH, MAX_TEXT_BYTES, number, string};

/// Where one value stands: 16 bytes.
///
/// An object's node is followed by its members, a string node for each name and then the value's nodes; an array's
/// by its elements. `next` leads past all of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// A string: it holds escapes. An array or object: white space stands between its tokens.
    pub(super) flag: bool,
    /// First byte of the value; of a string the first byte after the quote.
    pub(super) start: u32,
    /// The byte after the value; of a string its closing quote.
    pub(super) end: u32,
    /// The node after this value and all inside it.
    pub(super) next: u32,
}

/// The places of all values of one text. It borrows nothing, so that it can be filled again and again.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    nodes: Vec<Node>,
    open: Vec<Open>,
    key_hashes: Vec<u64>,
}

/// An array or object whose end has not come yet.
#[derive(Debug, Clone, Copy)]
struct Open {
    node: u32,
    /// Where its names begin in `key_hashes`.
    keys: u32,
    object: bool,
}

/// Whether a value has just been opened, rather than read.
#[derive(PartialEq, Eq)]
enum Opened {
    Yes,
    No,
}

impl Tape {
    /// An empty tape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses `text`, which must be exactly one JSON value with optional white space around it.
    pub fn parse<'a>(&'a mut self, text: &'a [u8]) -> Result<Value<'a>, SyntaxError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(E::TooLong.at(MAX_TEXT_BYTES));
        }
        if text.starts_with(b"\xEF\xBB\xBF") {
            return Err(E::ByteOrderMark.at(0));
        }
        let text = std::str::from_utf8(text).map_err(|e| E::InvalidUtf8.at(e.valid_up_to()))?;
        self.nodes.clear();
        self.open.clear();
        self.key_hashes.clear();
        Parser { text, bytes: text.as_bytes(), tape: self, at: 0, spaced: false }.run()?;
        Ok(self.root(text))
    }

    /// The root value of a tape that was filled from `text`.
    pub(super) fn root<'a>(&'a self, text: &'a str) -> Value<'a> {
        Value::new(text, &self.nodes, 0)
    }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    tape: &'a mut Tape,
    at: usize,
    /// White space has been seen since the flag was last taken.
    spaced: bool,
}

/// Offsets fit: a text has at most `MAX_TEXT_BYTES`, and a tape at most one node a byte.
#[expect(clippy::cast_possible_truncation, reason = "bounded by MAX_TEXT_BYTES < 2^32")]
const fn narrow(offset: usize) -> u32 {
    offset as u32
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), SyntaxError> {
        self.skip_space();
        if self.at == self.bytes.len() {
            return Err(E::Empty.at(self.at));
        }
        self.value()?;
        while let Some(&open) = self.tape.open.last() {
            if open.object { self.in_object(open)? } else { self.in_array(open)? }
        }
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(E::TrailingData.at(self.at));
        }
        Ok(())
    }

    /// Continues an object after `{` or after a member, to its end or to the next array or object in it.
    fn in_object(&mut self, open: Open) -> Result<(), SyntaxError> {
        let mut first = self.tape.nodes.len() == open.node as usize + 1;
        loop {
            let byte = self.token()?;
            if byte == b'}' {
                self.check_keys(open)?;
                self.close(open);
                return Ok(());
            }
            if !first {
                self.expect(b',', byte, "`,` or `}`")?;
                if self.token()? != b'"' {
                    return Err(self.unexpected("a name in quotes"));
                }
            } else if byte != b'"' {
                return Err(self.unexpected("a name in quotes or `}`"));
            }
            first = false;
            self.key()?;
            let colon = self.token()?;
            self.expect(b':', colon, "`:`")?;
            self.skip_space();
            if self.value()? == Opened::Yes {
                return Ok(());
            }
        }
    }

    /// Continues an array after `[` or after an element, to its end or to the next array or object in it.
    fn in_array(&mut self, open: Open) -> Result<(), SyntaxError> {
        let mut first = self.tape.nodes.len() == open.node as usize + 1;
        loop {
            let byte = self.token()?;
            if byte == b']' {
                self.close(open);
                return Ok(());
            }
            if !first {
                self.expect(b',', byte, "`,` or `]`")?;
                self.skip_space();
            }
            first = false;
            if self.value()? == Opened::Yes {
                return Ok(());
            }
        }
    }

    #[inline]
    fn key(&mut self) -> Result<(), SyntaxError> {
        let start = self.at + 1;
        let (end, escaped) = string::scan_string(self.bytes, start)?;
        let hash = if escaped {
            hash(string::unescape(&self.text[start..end]).as_bytes())
        } else {
            hash(&self.bytes[start..end])
        };
        self.tape.key_hashes.push(hash);
        self.push(Kind::String, escaped, start, end);
        self.at = end + 1;
        Ok(())
    }

    fn close(&mut self, open: Open) {
        self.at += 1;
        let next = narrow(self.tape.nodes.len());
        let node = &mut self.tape.nodes[open.node as usize];
        node.end = narrow(self.at);
        node.next = next;
        node.flag |= self.spaced;
        self.tape.key_hashes.truncate(open.keys as usize);
        self.tape.open.pop();
        // What is spaced inside makes its parents spaced too: their flag is set when they close.
        let flag = self.tape.nodes[open.node as usize].flag;
        self.spaced = flag;
    }

    /// Reads a scalar, or opens an array or object.
    #[inline]
    fn value(&mut self) -> Result<Opened, SyntaxError> {
        let start = self.at;
        match self.bytes.get(start) {
            Some(b'"') => self.string()?,
            Some(b'{') => return self.open(true),
            Some(b'[') => return self.open(false),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Kind::True)?,
            Some(b'f') => self.word("false", Kind::False)?,
            Some(b'n') => self.word("null", Kind::Null)?,
            Some(_) => {
                let rest = &self.bytes[start..];
                if [&b"NaN"[..], b"nan", b"Infinity", b"inf"].iter().any(|w| rest.starts_with(w)) {
                    return Err(E::NotANumber.at(start));
                }
                return Err(self.unexpected("a value"));
            }
            None => return Err(E::Truncated.at(start)),
        }
        Ok(Opened::No)
    }

    fn open(&mut self, object: bool) -> Result<Opened, SyntaxError> {
        if self.tape.open.len() == MAX_DEPTH {
            return Err(E::TooDeep.at(self.at));
        }
        let open =
            Open { node: narrow(self.tape.nodes.len()), keys: narrow(self.tape.key_hashes.len()), object };
        self.tape.open.push(open);
        // Space seen so far belongs to what is outside: it is kept in this node's flag until the node closes.
        let outside = std::mem::take(&mut self.spaced);
        if outside && let Some(parent) = self.tape.open.len().checked_sub(2).map(|i| self.tape.open[i].node) {
            self.tape.nodes[parent as usize].flag = true;
        }
        self.push(if object { Kind::Object } else { Kind::Array }, false, self.at, self.at + 1);
        self.at += 1;
        Ok(Opened::Yes)
    }

    #[inline]
    fn string(&mut self) -> Result<(), SyntaxError> {
        let start = self.at + 1;
        let (end, escaped) = string::scan_string(self.bytes, start)?;
        self.push(Kind::String, escaped, start, end);
        self.at = end + 1;
        Ok(())
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        match number::scan(self.bytes, start) {
            Ok(end) => {
                self.push(Kind::Number, false, start, end);
                self.at = end;
                Ok(())
            }
            Err(at) if at >= self.bytes.len() => Err(E::Truncated.at(at)),
            Err(_) if self.bytes[start + 1..].starts_with(b"Inf") => Err(E::NotANumber.at(start)),
            Err(at) => Err(E::InvalidNumber.at(at)),
        }
    }

    fn word(&mut self, word: &'static str, kind: Kind) -> Result<(), SyntaxError> {
        let start = self.at;
        let rest = &self.bytes[start..];
        if rest.starts_with(word.as_bytes()) {
            self.push(kind, false, start, start + word.len());
            self.at += word.len();
            Ok(())
        } else if word.as_bytes().starts_with(rest) {
            Err(E::Truncated.at(self.bytes.len()))
        } else if rest.starts_with(b"nan") {
            Err(E::NotANumber.at(start))
        } else {
            Err(self.unexpected("a value"))
        }
    }

    #[inline]
    fn push(&mut self, kind: Kind, flag: bool, start: usize, end: usize) {
        let next = narrow(self.tape.nodes.len() + 1);
        self.tape.nodes.push(Node { kind, flag, start: narrow(start), end: narrow(end), next });
    }

    /// The next byte that is not white space; does not go past it.
    #[inline]
    fn token(&mut self) -> Result<u8, SyntaxError> {
        self.skip_space();
        self.bytes.get(self.at).copied().ok_or_else(|| E::Truncated.at(self.at))
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
            self.spaced = true;
        }
    }

    #[inline]
    fn expect(&mut self, wanted: u8, found: u8, expected: &'static str) -> Result<(), SyntaxError> {
        if found != wanted {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn unexpected(&self, expected: &'static str) -> SyntaxError {
        match self.bytes.get(self.at) {
            Some(&found) => E::Unexpected { found, expected }.at(self.at),
            None => E::Truncated.at(self.at),
        }
    }

    /// Fails if two names of the object that ends here are the same text.
    fn check_keys(&mut self, open: Open) -> Result<(), SyntaxError> {
        let hashes = &mut self.tape.key_hashes[open.keys as usize..];
        let suspicious = if hashes.len() <= 16 {
            hashes.iter().enumerate().any(|(i, hash)| hashes[..i].contains(hash))
        } else {
            hashes.sort_unstable();
            hashes.windows(2).any(|pair| pair[0] == pair[1])
        };
        if !suspicious {
            return Ok(());
        }
        // Keyed, so that names made to clash cost no more than others.
        let mut seen = HashSet::new();
        let mut at = open.node as usize + 1;
        while at < self.tape.nodes.len() {
            let node = self.tape.nodes[at];
            let key = self.key_text(node);
            if !seen.insert(key.clone()) {
                return Err(E::DuplicateKey(key.into_owned()).at(node.start as usize - 1));
            }
            at = self.tape.nodes[at + 1].next as usize;
        }
        Ok(())
    }

    fn key_text(&self, node: Node) -> std::borrow::Cow<'_, str> {
        let raw = &self.text[node.start as usize..node.end as usize];
        if node.flag { string::unescape(raw) } else { raw.into() }
    }
}

/// A cheap hash of a name; equal names hash alike, and a clash only costs a second look.
#[inline]
fn hash(name: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let length = name.len() as u64;
    // The last word may overlap the one before: no byte is left out, and no tail is read byte by byte.
    if let Some(last) = name.last_chunk::<8>() {
        let words = name.chunks_exact(8).filter_map(|chunk| chunk.first_chunk::<8>());
        let hash = words.fold(length, |hash, word| mix(hash, u64::from_le_bytes(*word)));
        mix(hash, u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        mix(length, u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)))
    } else {
        name.iter().fold(length, |hash, &byte| mix(hash, byte.into()))
    }
}

/// A text together with its tape: one JSON value that owns what it needs.
#[derive(Debug, Clone)]
pub struct Document {
    text: Box<str>,
    tape: Tape,
}

impl Document {
    /// Parses a text and keeps it.
    pub fn parse(text: impl Into<String>) -> Result<Self, SyntaxError> {
        let text = text.into().into_boxed_str();
        let mut tape = Tape::new();
        tape.parse(text.as_bytes())?;
        Ok(Self { text, tape })
    }

    /// Parses bytes and keeps them.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, SyntaxError> {
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return Err(E::ByteOrderMark.at(0));
        }
        Self::parse(std::str::from_utf8(bytes).map_err(|e| E::InvalidUtf8.at(e.valid_up_to()))?)
    }

    /// The value.
    pub fn root(&self) -> Value<'_> {
        self.tape.root(&self.text)
    }

    /// The text as it was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.root() == other.root()
    }
}
