//! Texts for people and logs without the passwords in them, whatever they quote: a URL of a database that stands where a
//! name of a property should, say. Only what has the form of a URL or of a setting of libpq is one here: other texts
//! with `:` and `@` in them are as they are.

use std::borrow::Cow;
use std::ops::Range;

use crate::secret::{HIDDEN, decoded, is_database, is_port, is_web, port_of, without_password};

/// A text without what looks like a password: in a URL the login but its user, and the value of `password=`.
///
/// ```
/// use stacyard_store::without_passwords;
/// assert_eq!(without_passwords("no id \"postgis://me:secret@h/db\"; x"), "no id \"postgis://me:***@h/db\"; x");
/// assert_eq!(without_passwords("a:b@c, https://h/@d:e"), "a:b@c, https://h/@d:e");
/// ```
pub fn without_passwords(text: &str) -> Cow<'_, str> {
    match replaced(text, encoded) {
        Cow::Owned(shown) => Cow::Owned(without_plain(&shown).into_owned()),
        Cow::Borrowed(text) => without_plain(text),
    }
}

/// Finds the next part of a text that is to be shown in other words, from a place on.
type Find = fn(&str, usize) -> Option<(Range<usize>, String)>;

/// The text with the parts that `find` finds, from a place on, in other words.
fn replaced(text: &str, find: Find) -> Cow<'_, str> {
    let (mut out, mut done) = (String::new(), 0);
    let mut from = 0;
    while let Some((part, shown)) = find(text, from) {
        from = part.end;
        if text[part.clone()] != shown {
            out.push_str(&text[done..part.start]);
            out.push_str(&shown);
            done = part.end;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// The next word in which an encoded password stands, decoded and without it.
fn encoded(text: &str, from: usize) -> Option<(Range<usize>, String)> {
    let at = from + text[from..].find('%')?;
    let start = text[..at].rfind(char::is_whitespace).map_or(0, |space| next_char(text, space)).max(from);
    let end = end_of_word(text, at);
    let word = &text[start..end];
    let shown = decoded(word).and_then(|decoded| match without_plain(&decoded) {
        Cow::Owned(shown) => Some(shown),
        Cow::Borrowed(_) => None,
    });
    Some((start..end, shown.unwrap_or_else(|| word.to_owned())))
}

/// As [`without_passwords`] of a text in which nothing is encoded.
fn without_plain(text: &str) -> Cow<'_, str> {
    match replaced(text, url) {
        Cow::Owned(shown) => Cow::Owned(replaced(&shown, setting).into_owned()),
        Cow::Borrowed(text) => replaced(text, setting),
    }
}

/// The next URL, without its password. Of the web it ends where RFC 3986 says; a password of a database may hold anything
/// but spaces, and those too where a `@` follows.
fn url(text: &str, from: usize) -> Option<(Range<usize>, String)> {
    let (start, scheme) = next_scheme(text, from)?;
    let after = scheme + text[scheme..].find(|c| !":/".contains(c)).unwrap_or(text.len() - scheme);
    let word = end_of_word(text, scheme);
    let name = &text[start..scheme];
    let host = after.min(word);
    if is_web(name) {
        let end = text[host..word].find(|c: char| "/?#\"'`<>\\{}|^".contains(c)).map_or(word, |at| host + at);
        let authority = &text[host..end];
        if let Some((login, place)) = authority.rsplit_once('@') {
            let shown = match login.split_once(':') {
                Some((user, _)) => format!("{}{user}:{HIDDEN}@{place}", &text[start..host]),
                None => text[start..end].to_owned(),
            };
            return Some((start..end, shown));
        }
        if port_of(authority).is_none_or(is_port) {
            return Some((start..end, text[start..end].to_owned()));
        }
    }
    let first = text[host..word].split(['/', '?', ',']).next().unwrap_or_default();
    let port = port_of(first).map(|port| port.trim_end_matches(|c| CLOSING.contains(c)));
    let is_cut = !text[host..word].contains('@') && port.is_some_and(|port| !is_port(port) && port != HIDDEN);
    let end = match text[word..].rfind('@').filter(|_| is_cut) {
        Some(at) => end_of_word(text, word + at),
        None => word,
    };
    let end = start + text[start..end].trim_end_matches(|c| CLOSING.contains(c)).len();
    let end = end.max(scheme);
    Some((start..end, without_password(&text[start..end])))
}

/// What may stand after a URL or a value without being a part of it.
const CLOSING: &str = "\"'`)]}>,;:.";

/// The next scheme: where it begins, and where it ends.
fn next_scheme(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut colons = text[from..].match_indices(':').map(|(at, _)| from + at);
    colons.find_map(|colon| {
        let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let before = &text[from..colon];
        let start = from + before.trim_end_matches(is_of_scheme).len();
        let scheme = &text[start..colon];
        let is_url = text[colon..].starts_with("://") && !scheme.is_empty();
        (is_url || is_database(scheme)).then_some((start, colon))
    })
}

/// The next value of a setting whose name ends in `password`, hidden.
fn setting(text: &str, from: usize) -> Option<(Range<usize>, String)> {
    let mut equals = text[from..].match_indices('=').map(|(at, _)| from + at);
    equals.find_map(|equal| {
        let name = text[from..equal].trim_end().as_bytes();
        let is_secret = ["password", "passwd", "pwd"].iter().any(|end| {
            name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
        });
        if !is_secret {
            return None;
        }
        let after = &text[equal + 1..];
        let start = text.len() - after.trim_start().len();
        let value = &text[start..];
        let end = match value.strip_prefix('\'') {
            Some(quoted) => {
                let mut ends = quoted.match_indices('\'').filter(|(at, _)| !quoted[..*at].ends_with('\\'));
                ends.next().map_or(text.len(), |(at, _)| start + at + 2)
            }
            None => {
                let end = value.find(|c: char| c.is_whitespace() || c == '&').unwrap_or(value.len());
                start + value[..end].trim_end_matches(|c| CLOSING.contains(c)).len()
            }
        };
        (end > start).then(|| (start..end, HIDDEN.to_owned()))
    })
}

fn end_of_word(text: &str, from: usize) -> usize {
    text[from..].find(char::is_whitespace).map_or(text.len(), |at| from + at)
}

fn next_char(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_without_passwords_stay() {
        for text in [
            "bbox \"a:b@c\": \"a:b@c\" is not a number",
            "write postgis://user@host:port/database, and `-`",
            "postgis: tables made; see https://example.com/a/@b:c?d=e@f#g",
            "/links/0/href: found \"https://user@h:8080/x?y=1\" [uri]",
            "PASSWORD of the server: give it in PGPASSWORD, the password file or the URL",
            "time 10:00, a = b, password file, 100 % of a%20b and http%3A%2F%2Fh%2Fa",
            "postgis://me:***@h/db?password=***&schema=a",
            "{\"href\":\"https://h/a\",\"title\":\"b:c@d\"}",
            "größe: ü@ö",
            "cannot reach postgis://h:5432/db: me@h may not",
        ] {
            assert_eq!(without_passwords(text), text);
        }
    }

    #[test]
    fn passwords_in_texts_are_hidden() {
        for (text, shown) in [
            ("ids \"postgis://me:xyzzy@h/db\": x; y", "ids \"postgis://me:***@h/db\": x; y"),
            ("(postgis://me:xy zz@y@h/db)", "(postgis://me:***@h/db)"),
            ("postgis:me:xyzzy@h is", "postgis:***@h is"),
            ("(postgres:xyzzy@h)", "(postgres:***@h)"),
            ("'jdbc:postgresql://me:xyzzy@h/d'", "'jdbc:postgresql://me:***@h/d'"),
            ("`postgis%3A//me%3Axyzzy%40h/db` x", "`postgis://me:***@h/db` x"),
            ("mysql://me:xy/zzy@h.", "mysql://me:***@h."),
            ("u = 'https://me:xyzzy@h/a@b'", "u = 'https://me:***@h/a@b'"),
            ("[\"https://h/a\",\"ftp://me:xyzzy@h\"]", "[\"https://h/a\",\"ftp://me:***@h\"]"),
            ("https://me:x/yzzy@h/a", "https://me:***@h/a"),
            ("host=h password=xyzzy dbname=d", "host=h password=*** dbname=d"),
            ("host=h PGPASSWORD = 'xy zzy'\": x", "host=h PGPASSWORD = ***\": x"),
            (r"password='xy\'zzy' host=h", "password=*** host=h"),
            ("\"password%3Dxyzzy\"", "\"password=***\""),
            ("https://h/?password=xyzzy&a=1", "https://h/?password=***&a=1"),
        ] {
            assert_eq!(without_passwords(text), shown);
            assert_eq!(without_passwords(shown), shown);
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_shown(text in "(\\PC|[ @:/%='?&\"]|://|postgis|https|password){0,30}") {
            let shown = without_passwords(&text);
            // More may be hidden the second time, and nothing comes back.
            prop_assert!(without_passwords(&shown).matches(HIDDEN).count() >= 1 || !shown.contains(HIDDEN));
        }

        #[test]
        fn nothing_secret_is_shown(
            before in "(\\PC|[ \"'(]){0,8}[ \"'(]",
            scheme in "postgis|postgres|postgresql|pgstac|mysql|http|https",
            user in "[a-z]{1,5}",
            secret in "[a-zA-Z0-9]{0,3}XYZZY[a-zA-Z0-9@:?&=%#]{0,4}",
            after in "[\"')]?( \\PC{0,8})?",
        ) {
            for part in [
                format!("{scheme}://{user}:{secret}@h/db"),
                format!("{scheme}%3A//{user}%3A{secret}%40h/db"),
                format!("postgis:{user}:{secret}@h/db"),
                format!("host=h password={secret}"),
            ] {
                let text = format!("{before}{part}{after}");
                let shown = without_passwords(&text);
                prop_assert!(!shown.contains("XYZZY"), "{} of {}", shown, text);
            }
        }
    }
}
