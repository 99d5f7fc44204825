//! What the path of a file says of its Items: `collection=sentinel-2/year=2024/part-0.parquet`, as Hive, Spark, DuckDB and others write
//! partitions, and leave the columns out of the files.

use std::path::{Component, Path};

use crate::read::names::Given;

/// The columns that a path can stand for: the collection, and properties of the common metadata that are texts. A partition of
/// another name (`year`, `month`) was made for the folders, and is no part of the Items: nothing says of which type it would be.
pub(crate) const KNOWN: [&str; 5] = ["collection", "platform", "constellation", "mission", "license"];

/// The folder of Items that have no value.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The values of columns that the folders of a path name, but for those that the file `has` itself.
pub(crate) fn given(path: &Path, has: impl Fn(&str) -> bool) -> Vec<Given> {
    let mut found: Vec<Given> = Vec::new();
    for component in path.parent().into_iter().flat_map(Path::components) {
        let Component::Normal(folder) = component else { continue };
        let Some((name, value)) = folder.to_str().and_then(|folder| folder.split_once('=')) else { continue };
        let (name, value) = (decoded(name), decoded(value));
        if !KNOWN.contains(&name.as_str()) || has(&name) {
            continue;
        }
        // Of two of a name the inner one counts.
        found.retain(|given| given.name != name);
        if value != NULL && !value.is_empty() {
            found.push(Given { name, value });
        }
    }
    found
}

/// Without its percent encoding. What is none stands as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let code = digits.and_then(|digits| str::from_utf8(digits).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| byte == b'%') {
            Some(code) => {
                out.push(code);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, columns: &[&str]) -> String {
        let given = given(Path::new(path), |name| columns.contains(&name));
        given.iter().map(|given| format!("{}={}", given.name, given.value)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn folders_say_what_is_in_no_column() {
        insta::assert_snapshot!(of("collection=sentinel-2/year=2024/part-0.parquet", &[]), @"collection=sentinel-2");
        insta::assert_snapshot!(of("x/collection=a%20b%2Fc%25=d/platform=é/y.parquet", &[]), @"collection=a b/c%=d platform=é");
        insta::assert_snapshot!(of("collection=a%/b.parquet", &[]), @"collection=a%");
        insta::assert_snapshot!(of("collection=a%FF/b.parquet", &[]), @"collection=a%FF");
        insta::assert_snapshot!(of("collection=a/collection=b/x.parquet", &[]), @"collection=b");
        assert_eq!(of("collection=a/x.parquet", &["collection"]), "", "the column of the file counts");
        assert_eq!(of("collection=__HIVE_DEFAULT_PARTITION__/x.parquet", &[]), "");
        assert_eq!(of("collection=/year=2024/month=1/region=x/x.parquet", &[]), "");
        assert_eq!(of("sentinel-2/collection=x.parquet", &[]), "", "the name of a file is its own");
    }
}
