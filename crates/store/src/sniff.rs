//! What the first bytes of a store say that it holds. Where its name says another kind, thousands of records would be
//! rejected one by one, or none found: it is one error in place of these, with the way out.

use stacyard_model::json::{SyntaxErrorKind, Tape};

use crate::lines::is_blank;
use crate::report::is_reject;
use crate::scan::Scan;
use crate::shell::quoted;
use crate::url::{Compression, StoreKind};
use crate::{Error, Location, Remedy, StoreUrl};

/// How many bytes are looked at: most Items and Collections end in them.
pub const HEAD: usize = 1 << 20;

/// RFC 8142: the byte that starts a record.
const RECORD_SEPARATOR: u8 = 0x1E;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Formats that begin in a way of their own, none of them a text of JSON; and what to do about it.
const FORMATS: [(&[u8], &str, &str); 13] = [
    (b"PK\x03\x04", "is a zip archive", "unpack it first"),
    (b"BZh", "is packed with bzip2", "unpack it first: bunzip2"),
    (b"\xFD7zXZ\0", "is packed with xz", "unpack it first: unxz"),
    (b"SQLite format 3\0", "is a GeoPackage or another SQLite file", "export it as GeoJSON first"),
    (b"fgb\x03", "is a FlatGeobuf file", "export it as GeoJSON first"),
    (b"II*\0", "is a TIFF file", "name the file that holds its STAC Item"),
    (b"MM\0*", "is a TIFF file", "name the file that holds its STAC Item"),
    (b"ARROW1", "is an Arrow file", "export it as GeoParquet first"),
    (b"\xFF\xFE", "is text in UTF-16", "convert it to UTF-8: iconv -f UTF-16 -t UTF-8"),
    (b"\xFE\xFF", "is text in UTF-16", "convert it to UTF-8: iconv -f UTF-16 -t UTF-8"),
    (b"<!", WEB, "look into it: the answer of a server that has failed looks so"),
    (b"<?xml", WEB, "look into it: the answer of a server that has failed looks so"),
    (b"<html", WEB, "look into it: the answer of a server that has failed looks so"),
];

const WEB: &str = "holds HTML or XML, not JSON";

const PARQUET: &[u8] = b"PAR1";

/// Refuses bytes, as they stand in the file, of a format that no store of JSON has.
pub(crate) fn refuse_formats(url: &StoreUrl, head: &[u8]) -> Result<(), Error> {
    let name = name_of(url);
    if head.starts_with(PARQUET) {
        return Err(Error::usage(
            format!("{name} is a Parquet file"),
            if *url.location() == Location::Stdio {
                Remedy::from("write it to a file, and name that: Parquet is not read in order")
            } else {
                Remedy::from("name it .parquet").or(say_kind(StoreKind::Parquet))
            },
        ));
    }
    match format_of(head) {
        Some((what, remedy)) => Err(Error::usage(format!("{name} {what}"), remedy)),
        None => Ok(()),
    }
}

fn format_of(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let format = FORMATS.iter().find(|(magic, ..)| head.starts_with(magic));
    format.map(|(_, what, remedy)| (*what, *remedy))
}

/// Refuses unpacked bytes that are rejects of an earlier run: records in a frame, none of which would be one.
pub(crate) fn refuse_rejects(url: &StoreUrl, head: &[u8]) -> Result<(), Error> {
    let end = head.iter().position(|byte| *byte == b'\n').unwrap_or(head.len());
    if !is_reject(&head[..end]) {
        return Ok(());
    }
    let take = "take the records out of it: jq -c '.item // empty'";
    let remedy = match (url.location(), url.compression()) {
        (Location::Path(_), Compression::None) => {
            format!("{take} {} > NEW.ndjson", quoted(url.spelling()))
        }
        _ => take.to_owned(),
    };
    Err(Error::usage(
        format!("{} holds rejects, with the record of each in its `item`", name_of(url)),
        remedy,
    ))
}

/// Refuses unpacked bytes of JSON in another form than `url` promises; `whole`: there are no others.
pub(crate) fn refuse_forms(url: &StoreUrl, head: &[u8], whole: bool) -> Result<(), Error> {
    let Some(form) = Form::of(head, whole) else { return Ok(()) };
    let (holds, kind) = match (url.kind(), form) {
        (StoreKind::Json, Form::Lines | Form::Sequence) => (form.what(), StoreKind::Ndjson),
        (StoreKind::Ndjson, Form::Collection | Form::Array | Form::Object) => (form.what(), StoreKind::Json),
        (StoreKind::Json | StoreKind::Ndjson, Form::Collections | Form::Objects) => {
            let (name, filter) =
                (quoted(url.spelling()), if form == Form::Objects { "." } else { "'.features[]'" });
            return Err(Error::usage(
                format!("{} {}", name_of(url), form.what()),
                match (url.location(), url.compression()) {
                    (Location::Path(_), Compression::None) => {
                        format!("write one Item a line: jq -c {filter} {name} > NEW.ndjson")
                    }
                    _ => format!("write one Item a line: jq -c {filter}"),
                },
            ));
        }
        _ => return Ok(()),
    };
    let remedy = match (url.location(), kind) {
        (Location::Stdio, kind) => say_kind(kind),
        (_, kind) => {
            Remedy::from(format!("name it {}", extension(kind, url.compression()))).or(say_kind(kind))
        }
    };
    Err(Error::usage(format!("{} {holds}", name_of(url)), remedy))
}

/// The kind of store that JSON has the form of; as `url` promises where it cannot be told.
pub(crate) fn kind_of(url: &StoreUrl, head: &[u8], whole: bool) -> Result<StoreKind, Error> {
    Ok(match Form::of(head, whole) {
        None => url.kind(),
        Some(Form::Line | Form::Lines | Form::Sequence) => StoreKind::Ndjson,
        Some(Form::Collection | Form::Array | Form::Object) => StoreKind::Json,
        Some(Form::Collections | Form::Objects) => {
            refuse_forms(url, head, whole)?;
            url.kind()
        }
    })
}

/// The error of a file that is not Parquet as its name says, where its first bytes show what it is.
pub fn not_parquet(name: &str, head: &[u8]) -> Option<Error> {
    let (what, remedy) = match head {
        [0x1F, 0x8B, ..] => {
            ("is packed with gzip", "unpack it first: GeoParquet is compressed inside".into())
        }
        [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            ("is packed with zstd", "unpack it first: GeoParquet is compressed inside".into())
        }
        _ => match (format_of(head), Form::of(head, head.len() < HEAD)) {
            (Some((what, remedy)), _) => (what, remedy.into()),
            (None, Some(form)) => {
                let kind = match form {
                    Form::Lines | Form::Sequence => StoreKind::Ndjson,
                    _ => StoreKind::Json,
                };
                let name = extension(kind, Compression::None);
                (form.what(), Remedy::from(format!("name it {name}")).or(say_kind(kind)))
            }
            (None, None) => return None,
        },
    };
    Some(Error::usage(format!("{name} {what}"), remedy))
}

fn say_kind(kind: StoreKind) -> Remedy {
    Remedy::from("say ").option(("store-kind", kind.to_string()))
}

fn name_of(url: &StoreUrl) -> &str {
    if *url.location() == Location::Stdio { "standard input" } else { url.spelling() }
}

fn extension(kind: StoreKind, compression: Compression) -> String {
    let packed = match compression {
        Compression::None => "",
        Compression::Gzip => ".gz",
        Compression::Zstd => ".zst",
    };
    format!("{}{packed}", if kind == StoreKind::Ndjson { ".ndjson" } else { ".geojson" })
}

/// How JSON is laid out in a file, as far as it can be told from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Records of RFC 8142.
    Sequence,
    /// One object a line, more than one.
    Lines,
    /// One FeatureCollection.
    Collection,
    /// One array.
    Array,
    /// One object, over several lines.
    Object,
    /// One object that is no FeatureCollection, in one line: fine everywhere.
    Line,
    /// FeatureCollections one after the other.
    Collections,
    /// Objects one after the other, over several lines each.
    Objects,
}

impl Form {
    /// The form of what begins with `head`; `None` where it cannot be told, or is damaged: then the records are.
    fn of(head: &[u8], whole: bool) -> Option<Self> {
        let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
        let start = head.iter().position(|byte| !is_blank(*byte))?;
        let head = &head[start..];
        let first = *head.first()?;
        if first == RECORD_SEPARATOR {
            return Some(Self::Sequence);
        }
        if first != b'{' && first != b'[' {
            return None;
        }
        let Some(end) = Scan::new().run(head, 0) else {
            // Cut off, or longer than what is looked at.
            return if whole || !is_begun(head) {
                None
            } else {
                Some(Self::one(head, head.contains(&b'\n')))
            };
        };
        let (text, rest) = head.split_at(end);
        let gap = rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
        // A line that is cut off may seem to end in another one: a text over several lines has to be one.
        let is_long = text.contains(&b'\n');
        if is_long && Tape::new().parse(text).is_err() {
            return None;
        }
        match rest.get(gap) {
            None => Some(Self::one(text, is_long)),
            Some(b'{') if !rest[..gap].contains(&b'\n') => None,
            Some(b'{') if is_collection(text) && is_collection(&rest[gap..]) => Some(Self::Collections),
            Some(b'{') => Some(if is_long { Self::Objects } else { Self::Lines }),
            Some(_) => None,
        }
    }

    /// The form of one text.
    fn one(text: &[u8], is_long: bool) -> Self {
        match text.first() {
            Some(b'[') => Self::Array,
            _ if is_collection(text) => Self::Collection,
            _ if is_long => Self::Object,
            _ => Self::Line,
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Sequence => "holds records with separators (RFC 8142)",
            Self::Lines => "holds one JSON object a line",
            Self::Collection => "holds one FeatureCollection",
            Self::Array => "holds one JSON array",
            Self::Object => "holds one JSON object over several lines",
            Self::Line => "holds one JSON object",
            Self::Collections => "holds several FeatureCollections",
            Self::Objects => "holds several JSON objects, each over several lines",
        }
    }
}

/// Whether a text that goes on beyond `head` is right up to there.
fn is_begun(head: &[u8]) -> bool {
    let head = match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        _ => head,
    };
    matches!(Tape::new().parse(head), Err(error) if error.kind == SyntaxErrorKind::Truncated)
}

/// Whether an object, or the beginning of one, is a FeatureCollection: by its `type`. Where the text is cut off before that
/// is known, by its `features`.
fn is_collection(text: &[u8]) -> bool {
    let token = |at: usize| at + text[at..].iter().take_while(|byte| is_blank(**byte)).count();
    let mut at = 1;
    let mut has_features = false;
    loop {
        at = token(at);
        let Some(end) = text.get(at).filter(|byte| **byte == b'"').and_then(|_| Scan::new().run(text, at))
        else {
            return has_features && text.get(at) != Some(&b'}');
        };
        let (key, colon) = (&text[at..end], token(end));
        if text.get(colon) != Some(&b':') {
            return has_features && colon >= text.len();
        }
        at = token(colon + 1);
        has_features |= key == b"\"features\"" && text.get(at) == Some(&b'[');
        let Some(end) = Scan::new().run(text, at) else { return has_features };
        if key == b"\"type\"" {
            return &text[at..end] == b"\"FeatureCollection\"";
        }
        at = token(end);
        match text.get(at) {
            Some(b',') => at += 1,
            Some(_) => return false,
            None => return has_features,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_json() {
        let item = r#"{"type":"Feature","id":"a{\"","properties":{}}"#;
        let pretty = "{\n  \"type\": \"Feature\",\n  \"id\": \"a\"\n}";
        let collection = format!(r#"{{"features":[{item}],"type":"FeatureCollection"}}"#);
        for (text, form) in [
            (String::new(), None),
            (" \n".to_owned(), None),
            ("1".to_owned(), None),
            (item.to_owned(), Some(Form::Line)),
            (format!("\u{feff} \n{item}\n\n"), Some(Form::Line)),
            (format!("{item}\n{item}\n"), Some(Form::Lines)),
            (format!("{item}\r\n\r\n {item}"), Some(Form::Lines)),
            (format!("{item}\nx"), None),
            (format!("{item}{item}"), None),
            (format!("{item}\n[{item}]"), None),
            (format!("\u{1e}{pretty}\n"), Some(Form::Sequence)),
            (pretty.to_owned(), Some(Form::Object)),
            (format!("{pretty}\n{pretty}"), Some(Form::Objects)),
            (collection.clone(), Some(Form::Collection)),
            (collection.replace(',', ",\n"), Some(Form::Collection)),
            (format!("{collection}\n{collection}"), Some(Form::Collections)),
            (format!("{collection}\n{item}"), Some(Form::Lines)),
            // A member of the Item's own that has the name.
            (r#"{"features":["a"],"id":"a","type":"Feature"}"#.to_owned(), Some(Form::Line)),
            (r#"{"features":[],"id":"a"}"#.to_owned(), Some(Form::Line)),
            (format!("[{item}]"), Some(Form::Array)),
            ("[\n]\n".to_owned(), Some(Form::Array)),
            // Lines that are cut off, of which the next ones are whole.
            (format!("{}\n{item}\n", &item[..20]), None),
            (format!("{{\"a\":\n{item}\n{item}\n"), None),
            (format!("{{\"a\":{{\n{item}}}}}\n"), None),
        ] {
            assert_eq!(Form::of(text.as_bytes(), true), form, "{text}");
        }
    }

    #[test]
    fn forms_of_what_is_longer_than_the_head() {
        let long = |text: &str| Form::of(text.as_bytes(), false);
        assert_eq!(long(r#"{"type":"FeatureCollection","features":[{"a":"é"#), Some(Form::Collection));
        assert_eq!(long("{\n\"features\": [\n{\"a\":1},\n{\"a\":tr"), Some(Form::Collection));
        assert_eq!(long(r#"{"type":"Feature","features":["#), Some(Form::Line));
        assert_eq!(long(r#"{"features":["a"],"id":"a","type":"Feature","properties":{"#), Some(Form::Line));
        for cut in [
            r#"{"features":[]"#,
            r#"{"features":[],"#,
            r#"{"features":[],"ty"#,
            r#"{"features":[],"type":"Fe"#,
        ] {
            assert_eq!(long(cut), Some(Form::Collection), "{cut}");
        }
        assert_eq!(long("{\"type\":\"Feature\",\n\"id\":"), Some(Form::Object));
        assert_eq!(long("[{},\n{}"), Some(Form::Array));
        assert_eq!(long("{\"type\":\"Feature\",\"id\"\n{\"type\":\"Feature\""), None);
        assert_eq!(Form::of("[\"é".as_bytes().split_last().unwrap().1, false), Some(Form::Array));
    }
}
