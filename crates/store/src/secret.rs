//! What looks like a password in what a user calls a store, and how it is shown without: whether or not the text is a URL
//! that can be understood. A password may hold any character, so that in doubt more is hidden than need be. Texts that
//! are no such name are those of `secret_in_text`.

use std::borrow::Cow;

/// What stands in the place of something that may be a secret.
pub(crate) const HIDDEN: &str = "***";

/// Schemes that people write before the login of a database, rightly or not.
const DATABASES: [&str; 7] = ["postgis", "postgres", "postgresql", "pgstac", "pg", "psql", "jdbc"];

/// Others before which a login may stand.
const WEB: [&str; 7] = ["http", "https", "ftp", "s3", "gs", "az", "file"];

/// Parameters that are no secrets.
const SHOWN: [&str; 15] = [
    "schema",
    "read",
    "service",
    "host",
    "hostaddr",
    "port",
    "user",
    "dbname",
    "sslmode",
    "application_name",
    "connect_timeout",
    "options",
    "sslrootcert",
    "sslcert",
    "sslkey",
];

/// The name of a store without the password in it: of a login the user alone, of parameters the values that cannot be one.
/// `./` before it says that it is the name of a file, which is shown as it is.
pub fn without_password(text: &str) -> String {
    if text.starts_with("./") || text.starts_with("../") {
        return text.to_owned();
    }
    let shown = of_name(text);
    match decoded(&shown) {
        Some(decoded) if of_name(&decoded) != decoded => of_name(&decoded),
        _ => shown,
    }
}

/// A text whose separators may be encoded (RFC 3986 section 2.1), also more than once; `None`: nothing in it is.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let once = |text: &str| {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            let digits = after.split_at_checked(2).filter(|_| byte == b'%').and_then(|(digits, after)| {
                let digits = std::str::from_utf8(digits).ok()?;
                Some((u8::from_str_radix(digits, 16).ok()?, after))
            });
            let (byte, after) = digits.unwrap_or((byte, after));
            out.push(byte);
            rest = after;
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_ENCODED {
        let next = if text.contains('%') { once(&text) } else { break };
        if next == text {
            break;
        }
        text = Cow::Owned(next);
    }
    match text {
        Cow::Owned(text) => Some(text),
        Cow::Borrowed(_) => None,
    }
}

/// So often a text may have been encoded.
const MAX_ENCODED: usize = 3;

fn of_name(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if may_be_scheme(scheme) => (scheme, Some(rest)),
        _ => match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme, Some(rest)),
            _ => (text, None),
        },
    };
    let Some(rest) = rest else { return of_words(text) };
    let between = &text[scheme.len()..text.len() - rest.len()];
    // `postgres:secret@host`: what looks like a scheme may be the name of a user.
    if let Some((_, place)) = rest.rsplit_once('@').filter(|_| between == ":" && !rest.starts_with('/')) {
        return format!("{scheme}:{HIDDEN}@{}", of_words(place));
    }
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let ambiguous =
        query.is_some_and(|query| query.contains('@')) && place.contains(':') && !place.contains('@');
    let shown = if ambiguous { HIDDEN.to_owned() } else { of_words(&of_place(place)) };
    let Some(query) = query else { return format!("{scheme}{between}{shown}") };
    let parts = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if SHOWN.contains(&name) && is_plain(value) => pair.to_owned(),
        Some((name, _))
            if is_name(name) && (!query.contains('@') || name == "password" || SHOWN.contains(&name)) =>
        {
            format!("{name}={HIDDEN}")
        }
        _ => HIDDEN.to_owned(),
    });
    format!("{scheme}{between}{shown}?{}", parts.collect::<Vec<_>>().join("&"))
}

/// Whether a scheme is that of a database, rightly or not.
pub(crate) fn is_database(scheme: &str) -> bool {
    DATABASES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// RFC 3986 section 3.1, and the two of JDBC.
fn may_be_scheme(text: &str) -> bool {
    let scheme = text.strip_prefix("jdbc:").unwrap_or(text);
    scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_scheme(text: &str) -> bool {
    is_database(text) || is_web(text)
}

pub(crate) fn is_web(scheme: &str) -> bool {
    WEB.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "pwd", "secret", "token", "credential"].iter().any(|part| name.contains(part))
}

/// Whether the value of a parameter holds neither a login nor a setting of a secret.
fn is_plain(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let has_login = ["@", "%40", "%3a"].iter().any(|part| lower.contains(part));
    !has_login && !is_secret(&lower) && value.split(',').all(|host| port_of(host).is_none_or(is_port))
}

pub(crate) fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What stands after the colon of a host. In brackets it is an address.
pub(crate) fn port_of(host: &str) -> Option<&str> {
    let from = host.rfind(']').map_or(0, |at| at + 1);
    host[from..].split_once(':').map(|(_, port)| port)
}

/// `user:password@host:port,.../database`: of what is before the last `@`, the name of a user; without one, no port
/// that is no number.
fn of_place(place: &str) -> String {
    if let Some((login, place)) = place.rsplit_once('@') {
        let slashes = login.len() - login.trim_start_matches('/').len();
        let user = login[slashes..].find(|c: char| !(c.is_alphanumeric() || "._-+~".contains(c)));
        return match user {
            Some(end) => format!("{}:{HIDDEN}@{place}", &login[..slashes + end]),
            None => format!("{login}@{place}"),
        };
    }
    let parts = place.split('/').map(|part| {
        let hosts = part.split(',').map(|host| match port_of(host) {
            Some(port) if !is_port(port) => format!("{}:{HIDDEN}", &host[..host.len() - port.len() - 1]),
            _ => host.to_owned(),
        });
        hosts.collect::<Vec<_>>().join(",")
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A text that is no URL: `user:password@host`, or settings such as `host=h password=...`, of which all is hidden from the
/// first secret on.
fn of_words(text: &str) -> String {
    let text = match text.rsplit_once('@').and_then(|(login, place)| Some((login.split_once(':')?.0, place)))
    {
        Some((user, place)) => format!("{user}:{HIDDEN}@{place}"),
        None => text.to_owned(),
    };
    let secret = text.match_indices('=').map(|(at, _)| at).find(|at| {
        let name = text[..*at].trim_end();
        is_secret(name.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default())
    });
    match secret {
        Some(at) => format!("{}={HIDDEN}", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_can_be_shown_is() {
        for (text, shown) in [
            ("postgis://me:xyzzy@host/db", "postgis://me:***@host/db"),
            ("postgis://me:xyzzy@[::1]:5432,h2:5433/db", "postgis://me:***@[::1]:5432,h2:5433/db"),
            ("postgis://[::1]:5432,h2:5433/db", "postgis://[::1]:5432,h2:5433/db"),
            ("postgis:///db?host=/tmp&schema=a", "postgis:///db?host=/tmp&schema=a"),
            ("postgis://h/db?read=h2:5433&schema=x", "postgis://h/db?read=h2:5433&schema=x"),
            ("postgis:/me:xyzzy@h/db", "postgis:/me:***@h/db"),
            ("postgis:me:xyzzy@h/db", "postgis:***@h/db"),
            ("postgres:xyzzy@h/db", "postgres:***@h/db"),
            ("http:xyzzy@h", "http:***@h"),
            ("postgis://me:xyzzy/db", "postgis://me:***/db"),
            ("postgis:/me:xyzzy/db", "postgis:/me:***/db"),
            ("postgis://me/xyzzy@h/db", "postgis://me:***@h/db"),
            ("postgis://me%3Axyzzy@h/db", "postgis://me:***@h/db"),
            ("postgis://h/db?read=me:xyzzy@replica", "postgis://h/db?read=***"),
            ("postgis://h/db?read=me%3Axyzzy%40replica", "postgis://h/db?read=***"),
            ("postgis://h/db?host=me:xyzzy&schema=x", "postgis://h/db?host=***&schema=x"),
            ("postgis://h/db?options=-c password=xyzzy", "postgis://h/db?options=***"),
            ("postgis://h/db;password=xyzzy", "postgis://h/db;password=***"),
            ("postgis//me:xyzzy@h/db", "postgis//me:***@h/db"),
            ("//me:xyzzy@h/db", "//me:***@h/db"),
            ("me:xyzzy@h/db", "me:***@h/db"),
            ("host=h password=xyzzy dbname=d", "host=h password=***"),
            ("host=h PGPASSWORD = 'xy zzy'", "host=h PGPASSWORD =***"),
            ("items.ndjson", "items.ndjson"),
            ("a@b.ndjson", "a@b.ndjson"),
            ("2024-01-01T10:00.ndjson", "2024-01-01T10:00.ndjson"),
            ("./a:b@c.ndjson", "./a:b@c.ndjson"),
            ("größe=5.ndjson", "größe=5.ndjson"),
            ("a%20b%40c.ndjson", "a%20b%40c.ndjson"),
            ("postgis%3A//me%3Axyzzy%40h/db", "postgis://me:***@h/db"),
            ("postgis%3A%2F%2Fme%3Axyzzy%40h%2Fdb", "postgis://me:***@h/db"),
            ("postgis%253A%252F%252Fme%253Axyzzy%2540h", "postgis://me:***@h"),
            ("me%3axyzzy%40h/db", "me:***@h/db"),
            ("host=h password%3Dxyzzy", "host=h password=***"),
            ("postgis://me:x%40yzzy@h/d%20b", "postgis://me:***@h/d%20b"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_secret_is_shown(
            start in "(postgis|postgres|postgresql|pgstac|http)?:?/{0,3}",
            user in "[a-z]{1,5}|postgres|https",
            secret in "[a-zA-Z0-9]{0,3}XYZZY[a-zA-Z0-9@:/?&=%#]{0,4}",
            end in "(h|h:5432|\\[::1\\]:1|h1,h2:1)(/db)?(\\?schema=a|\\?sslmode=x&schema=b)?",
        ) {
            for text in [
                format!("{start}{user}:{secret}@{end}"),
                format!("{start}h/db?password={secret}"),
                format!("{start}h/db?schema=x&read={user}:{secret}@{end}"),
                format!("{start}{end} password={secret}"),
                format!("password='{secret}' host={end}"),
            ] {
                let shown = without_password(&text);
                prop_assert!(!shown.contains("XYZZY"), "{} of {}", shown, text);
            }
        }
    }
}
