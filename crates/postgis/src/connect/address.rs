//! Where a database is, and the schema in it.

use std::env;

use stacyard_store::{Error, without_password};

use crate::connect::server::Server;
use crate::connect::settings::Settings;
use crate::connect::tls::Tls;
use crate::sql::ident::Ident;

/// The schema where nothing else is said.
const SCHEMA: &str = "stac";

/// A database and a schema in it, as a URL names them: `postgis://user@host:port/db?schema=stac`. What the URL leaves
/// out comes from a service (`service=` in it, or `PGSERVICE`), the environment (`PGHOST` and so on) or the password file,
/// as with libpq. With `read=HOST:PORT` another server is asked than the one that is written to.
#[derive(Clone)]
pub struct Address {
    primary: Server,
    replica: Option<Server>,
    schema: Ident,
    shown: String,
}

impl Address {
    /// Understands a URL.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let shown = without_password(url);
        let wrong = |cause: String| {
            Error::usage(
                format!("{shown}: {cause}"),
                "write postgis://user@host:port/database, with ?schema=NAME after it for another schema than stac",
            )
        };
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let mut settings = Settings::of_url(url).map_err(wrong)?;
        let schema = Ident::new(settings.take("schema").as_deref().unwrap_or(SCHEMA))?;
        let read = settings.take("read");
        settings.complete(&variable)?;
        let server = |settings: &Settings| {
            // A socket of this machine needs no TLS, whatever is asked for: nobody is between.
            let tls = if settings.is_remote() { Tls::of(settings, &variable)? } else { None };
            Server::of(settings, tls).map_err(wrong)
        };
        let primary = server(&settings)?;
        let replica = read
            .map(|place| settings.at(&place).map_err(wrong).and_then(|settings| server(&settings)))
            .transpose()?;
        Ok(Self { primary, replica, schema, shown })
    }

    /// The URL for people: without a password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether both lead to one and the same schema, as far as names tell: an alias of a host is not looked up.
    pub fn is_same(&self, other: &Self) -> bool {
        self.schema.to_string() == other.schema.to_string() && self.primary.is_same(&other.primary)
    }

    pub(crate) fn schema(&self) -> &Ident {
        &self.schema
    }

    /// The server that is written to.
    pub(crate) const fn primary(&self) -> &Server {
        &self.primary
    }

    /// Whether it leads to one server alone, whoever is connected.
    pub(crate) fn is_one(&self) -> bool {
        self.replica.is_none() && self.primary.is_one()
    }

    /// The server that is read from, where it is another one.
    pub(crate) const fn replica(&self) -> Option<&Server> {
        self.replica.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let error = Address::parse("postgis://me:secret@host:port/db").err().unwrap().to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn urls_of_postgresql_are_taken_too() {
        for scheme in ["postgis", "postgres", "postgresql", "PostgreSQL"] {
            let address = Address::parse(&format!("{scheme}://me:secret@h:5433/db?schema=x")).unwrap();
            assert_eq!(address.schema().name(), "x");
            assert_eq!(address.shown(), format!("{scheme}://me:***@h:5433/db?schema=x"));
        }
    }

    #[test]
    fn schemas_are_names() {
        let schema = |url: &str| Address::parse(url).unwrap().schema().name().to_owned();
        assert_eq!(schema("postgis://h/db"), "stac");
        assert_eq!(schema("postgis://h/db?schema=a%20b%22"), "a b\"");
        assert!(Address::parse("postgis://h/db?schema=pg_toast").is_err());
        assert!(Address::parse("postgis://h/db?schema=%zz").is_err());
    }
}
