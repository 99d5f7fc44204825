//! What a connection is made with, by libpq's keywords: from the URL, then a service, then the environment. Nothing is
//! decided here but which of them counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv6Addr;

use stacyard_search::KnownNames;
use stacyard_store::Error;
use tokio_postgres::config::Config;

use crate::connect::service;

/// Environment variables, and the keywords that they stand for.
const VARIABLES: [(&str, &str); 13] = [
    ("PGHOST", "host"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("USER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGOPTIONS", "options"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
];

/// What counts where nobody says anything.
const DEFAULTS: [(&str, &str); 2] = [("connect_timeout", "10"), ("application_name", "stacyard")];

/// Keywords that `tokio-postgres` does not know, or knows in another way.
const OURS: [&str; 6] = ["passfile", "service", "sslcert", "sslkey", "sslmode", "sslrootcert"];

/// Parameters of a URL beside those: our own, and what `tokio-postgres` takes.
const OTHERS: [&str; 12] = [
    "schema",
    "read",
    "service",
    "hostaddr",
    "application_name",
    "channel_binding",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// Keywords with their values, none of them empty.
#[derive(Clone)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl Settings {
    /// What a URL says: `scheme://user:password@host:port,.../database?keyword=value&...`. The error is a cause.
    pub(crate) fn of_url(url: &str) -> Result<Self, String> {
        let (_, rest) = url.split_once("://").ok_or("it is not a URL")?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut said = Self(BTreeMap::new());
        // A password may hold slashes and more `@`, as those who write it do not always encode them.
        let (login, place) = place.rsplit_once('@').unwrap_or(("", place));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
        for (name, text) in [("user", user), ("password", password), ("dbname", database)] {
            said.put(
                name,
                decoded(text)
                    .ok_or_else(|| format!("{name} has a % without two hexadecimal digits after it"))?,
            );
        }
        said.put_hosts(hosts)?;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, text) =
                pair.split_once('=').ok_or("a parameter after the ? has no value: write it as name=value")?;
            said.put(
                name,
                decoded(text)
                    .ok_or("a parameter after the ? has a % without two hexadecimal digits after it")?,
            );
        }
        Ok(said)
    }

    /// Adds what is not said yet: by a service, by the environment, by default.
    pub(crate) fn complete(&mut self, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), Error> {
        let service = self.take("service").or_else(|| variable("PGSERVICE"));
        if let Some(name) = service.filter(|name| !name.is_empty()) {
            for (name, text) in service::read(&name, variable)? {
                self.add(&name, text);
            }
        }
        for (name, keyword) in VARIABLES {
            if let Some(text) = variable(name) {
                self.add(keyword, text);
            }
        }
        for (keyword, text) in DEFAULTS {
            self.add(keyword, text.to_owned());
        }
        // An address alone is the name too, for certificates and passwords.
        let host = self.get("hostaddr").unwrap_or("localhost").to_owned();
        self.add("host", host);
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// The same for another server: `HOST`, `HOST:PORT`, as in a URL.
    pub(crate) fn at(&self, place: &str) -> Result<Self, String> {
        let mut other = self.clone();
        for name in ["host", "hostaddr", "port", "target_session_attrs"] {
            other.take(name);
        }
        other.put_hosts(place)?;
        Ok(other)
    }

    /// Where the server is, for people.
    pub(crate) fn place(&self) -> String {
        let port = self.get("port").unwrap_or("5432");
        format!("{}:{port}", self.get("host").unwrap_or_default())
    }

    /// Whether a network is between, with one of the hosts at least.
    pub(crate) fn is_remote(&self) -> bool {
        // An address is where the connection goes, whatever the host is called.
        self.get("hostaddr").is_some()
            || self.get("host").is_none_or(|hosts| hosts.split(',').any(|host| !host.starts_with('/')))
    }

    /// All but what is ours, as `tokio-postgres` wants it. The error is a cause, without any value.
    pub(crate) fn config(&self) -> Result<Config, String> {
        let is_host = |host: &str| {
            !host.contains(['@', ':']) || host.starts_with('/') || host.parse::<Ipv6Addr>().is_ok()
        };
        if !self.get("host").is_none_or(|hosts| hosts.split(',').all(is_host)) {
            return Err("a host is neither a name nor an address".to_owned());
        }
        let mut text = String::new();
        for (name, value) in self.0.iter().filter(|(name, _)| !OURS.contains(&name.as_str())) {
            if !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
                return Err(
                    "the name of a parameter after the ? has other characters than a to z and _".to_owned()
                );
            }
            let value = value.replace('\\', "\\\\").replace('\'', "\\'");
            let _ = write!(text, "{name}='{value}' ");
        }
        text.parse::<Config>().map_err(|cause| {
            let cause =
                std::error::Error::source(&cause).map_or_else(|| cause.to_string(), ToString::to_string);
            let unknown = self.0.keys().find(|name| cause == format!("unknown option `{name}`"));
            match unknown.and_then(|name| nearest(name)) {
                Some(nearest) => format!("{cause}, did you mean `{nearest}`?"),
                None => cause,
            }
        })
    }

    fn put(&mut self, name: &str, text: String) {
        if !text.is_empty() {
            self.0.insert(name.to_owned(), text);
        }
    }

    fn add(&mut self, name: &str, text: String) {
        if self.get(name).is_none() {
            self.put(name, text);
        }
    }

    fn put_hosts(&mut self, list: &str) -> Result<(), String> {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for place in list.split(',') {
            let (host, port) = match place.strip_prefix('[').and_then(|place| place.split_once(']')) {
                Some((address, rest)) => (address, rest.strip_prefix(':').unwrap_or(rest)),
                None => place.split_once(':').unwrap_or((place, "")),
            };
            hosts.push(decoded(host).ok_or("the host has a % without two hexadecimal digits after it")?);
            // What is no number may be a password: it goes into no message.
            if !port.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(
                    "the port is not a number; a password needs the host after it: user:password@host"
                        .to_owned(),
                );
            }
            ports.push(port);
        }
        self.put("host", hosts.join(","));
        // One empty port among others means the usual one.
        if ports.iter().any(|port| !port.is_empty()) {
            self.put("port", ports.join(","));
        }
        Ok(())
    }
}

/// The parameter that was meant, perhaps.
fn nearest(name: &str) -> Option<String> {
    let mut known = KnownNames::default();
    let variables = VARIABLES.iter().map(|(_, keyword)| *keyword);
    variables.chain(OURS).chain(OTHERS).for_each(|name| known.add(name));
    known.nearest(name).map(str::to_owned)
}

/// Percent-decoding (RFC 3986 section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(settings: &Settings) -> String {
        let pairs = settings.0.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn urls_as_libpq_reads_them() {
        for (url, said) in [
            ("postgis://", ""),
            ("postgis://me@host/db", "dbname=db host=host user=me"),
            ("postgis://me:p%40ss@host:5433/db", "dbname=db host=host password=p@ss port=5433 user=me"),
            ("postgis://me:p@ss/w:d@host/db", "dbname=db host=host password=p@ss/w:d user=me"),
            ("postgis://[::1]:5433/db?schema=a%20b", "dbname=db host=::1 port=5433 schema=a b"),
            ("postgis://a,b:1,c/", "host=a,b,c port=,1,"),
            ("postgis://%2Frun%2Fpg/db", "dbname=db host=/run/pg"),
            ("postgis:///db?host=/run/pg&user=a@b", "dbname=db host=/run/pg user=a@b"),
        ] {
            assert_eq!(Settings::of_url(url).map(|s| shown(&s)).as_deref(), Ok(said), "{url}");
        }
        for wrong in ["nothing", "postgis://%zz/db", "postgis://h/db?schema", "postgis://h/db?user=%f"] {
            assert!(Settings::of_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_url_counts_before_the_service_and_this_before_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services.conf");
        std::fs::write(&file, "[plumes]\nhost=of-service\nuser=of-service\ndbname=of-service\n").unwrap();
        let variable = |name: &str| match name {
            "PGSERVICEFILE" => Some(file.display().to_string()),
            "PGDATABASE" | "PGHOST" | "PGUSER" | "PGOPTIONS" => Some("of-environment".to_owned()),
            "PGSSLMODE" => Some(String::new()),
            _ => None,
        };
        let mut settings = Settings::of_url("postgis://of-url/?service=plumes&user=of-url").unwrap();
        settings.complete(&variable).unwrap();
        assert_eq!(
            shown(&settings),
            "application_name=stacyard connect_timeout=10 dbname=of-service host=of-url options=of-environment \
             user=of-url"
        );
    }

    #[test]
    fn values_are_no_keywords() {
        let mut settings = Settings::of_url("postgis://h/db?user=a'%20port='1\\").unwrap();
        settings.complete(&|_| None).unwrap();
        let config = settings.config().unwrap();
        assert_eq!((config.get_user(), config.get_ports()), (Some("a' port='1\\"), [].as_slice()));
        for (url, cause) in [
            ("postgis://h/db?sslcrl=x", "unknown option `sslcrl`, did you mean `sslcert`?"),
            ("postgis://h/db?shema=x", "unknown option `shema`, did you mean `schema`?"),
            ("postgis://h/db?zzz=x", "unknown option `zzz`"),
            (
                "postgis://h/db?a b=x",
                "the name of a parameter after the ? has other characters than a to z and _",
            ),
        ] {
            assert_eq!(Settings::of_url(url).unwrap().config().err().as_deref(), Some(cause));
        }
        for url in ["postgis://h:xyzzy/db", "postgis://h/db?host=me:xyzzy", "postgis://h/db?host=h,xyzzy@h"] {
            let cause = Settings::of_url(url).and_then(|settings| settings.config()).unwrap_err();
            assert!(!cause.contains("xyzzy"), "{cause}");
        }
    }

    #[test]
    fn an_address_is_reached_over_a_network() {
        let is_remote = |host: &str, hostaddr: Option<&str>| {
            let mut settings = vec![("host".to_owned(), host.to_owned())];
            settings.extend(hostaddr.map(|address| ("hostaddr".to_owned(), address.to_owned())));
            Settings(settings.into_iter().collect()).is_remote()
        };
        assert!(!is_remote("/run/postgresql", None));
        assert!(is_remote("/run/postgresql", Some("127.0.0.1")));
        assert!(is_remote("/run/postgresql,other", None));
    }
}
