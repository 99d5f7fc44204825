//! Which version of a store is meant, where it has several.

use jiff::Timestamp;

use crate::Error;

/// A version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum At {
    /// The newest, whatever that is by then.
    #[default]
    Latest,
    /// That of a number: `?version=12`.
    Version(u64),
    /// The last one at a time: `?at=2026-06-01T00:00:00Z`.
    Time(Timestamp),
    /// That of a tag: `?tag=training-2026-06`.
    Tag(String),
}

impl At {
    /// The folder of a spelling, and the version that its query asks for; `None`: there is no such query, and what has a question mark in its name is
    /// a file.
    ///
    /// # Errors
    /// A number or a time that is none.
    pub(crate) fn of(spelling: &str) -> Result<Option<(&str, Self)>, Error> {
        let Some((folder, query)) = spelling.rsplit_once('?') else { return Ok(None) };
        let wrong = |what: &str| {
            Error::usage(
                format!("{spelling}: {what}"),
                "write ?version=12, ?at=2026-06-01T00:00:00Z or ?tag=NAME after the folder",
            )
        };
        let at = match query.split_once('=') {
            Some(("version", number)) => Self::Version(
                number.parse().map_err(|_| wrong(&format!("{number:?} is no number of a version")))?,
            ),
            Some(("at", time)) => {
                Self::Time(time.parse().map_err(|_| wrong(&format!("{time:?} is no instant")))?)
            }
            Some(("tag", "")) => return Err(wrong("a tag without a name")),
            Some(("tag", name)) => Self::Tag(name.to_owned()),
            _ if folder.ends_with('/') && !query.contains('/') => {
                return Err(wrong(&format!("{query:?} names no version of a dataset")));
            }
            _ => return Ok(None),
        };
        Ok(Some((folder, at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_stands_after_the_folder() {
        let of = |text| At::of(text).map_err(|error| error.to_string());
        assert_eq!(of("d/?version=12"), Ok(Some(("d/", At::Version(12)))));
        assert_eq!(of("d?tag=a b"), Ok(Some(("d", At::Tag("a b".to_owned())))));
        assert_eq!(of("s3://b/d/?at=2026-06-01T00:00:00Z").unwrap().unwrap().0, "s3://b/d/");
        assert_eq!(of("what?.parquet"), Ok(None));
        assert_eq!(of("d/"), Ok(None));
        insta::assert_snapshot!(of("d/?version=x").unwrap_err(), @r#"d/?version=x: "x" is no number of a version"#);
        insta::assert_snapshot!(of("d/?at=yesterday").unwrap_err(), @r#"d/?at=yesterday: "yesterday" is no instant"#);
        insta::assert_snapshot!(of("d/?v=3").unwrap_err(), @r#"d/?v=3: "v=3" names no version of a dataset"#);
    }
}
