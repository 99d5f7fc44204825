//! Errors of the database in the user's words: the cause, and what to do about it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use deadpool_postgres::PoolError;
use rustls::{CertificateError, Error as TlsError};
use stacyard_store::{Error, ErrorKind, Remedy};
use tokio_postgres::error::{DbError, SqlState};

/// The error of something that the database did not do; `doing` completes "cannot ...".
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(crate) fn failed(doing: &str, cause: tokio_postgres::Error) -> Error {
    let Some(db) = cause.as_db_error() else {
        if let Some(error) = of_tls(&cause) {
            return untrusted(doing, error);
        }
        let closed = cause.is_closed();
        let why = std::error::Error::source(&cause).map(|why| format!(": {why}")).unwrap_or_default();
        let (kind, remedy) = if closed {
            let lost = "the connection was lost: what was not committed is not there; try again";
            (ErrorKind::Unavailable, lost)
        } else if why.ends_with("server does not support TLS") {
            let tls = "turn TLS on at the server (ssl = on), or do without: sslmode=prefer or disable";
            (ErrorKind::Unavailable, tls)
        } else if why.ends_with("password missing") {
            let asks = "the server asks for a password: give it in PGPASSWORD, the password file or the URL";
            (ErrorKind::Denied, asks)
        } else {
            (ErrorKind::Unavailable, "check host, port, user and that the server runs")
        };
        return Error::new(kind, &format!("cannot {doing}: {cause}{why}")).remedy(remedy);
    };
    let code = db.code();
    let remedy = if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        "ask the owner of the database for this right, or connect as another user"
    } else if *code == SqlState::QUERY_CANCELED {
        "it took longer than it may (statement_timeout), or was cancelled; ask for less"
    } else if *code == SqlState::LOCK_NOT_AVAILABLE {
        "another session holds a lock on the table; try again when it is done"
    } else if *code == SqlState::DISK_FULL {
        "free some space on the database's disk; nothing of this batch was kept"
    } else if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::INVALID_SCHEMA_NAME {
        let make = Remedy::from("create the tables first: ").command("init", &[]);
        return because(doing, db).of_kind(ErrorKind::NotFound).remedy(make.text(" with the same URL"));
    } else if *code == SqlState::INVALID_PASSWORD {
        "check user and password: in the URL, in PGPASSWORD or in the password file"
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        "check user and database; the server's pg_hba.conf says who may come from where, with TLS (sslmode) or a client \
         certificate (sslcert, sslkey)"
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        "check the name of the database after the slash of the URL"
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        "name the primary server in the URL; a replica to read from goes after ?read="
    } else if *code == SqlState::T_R_SERIALIZATION_FAILURE {
        "run it again; a replica that cancels long searches may wait longer (max_standby_streaming_delay)"
    } else if *code == SqlState::T_R_DEADLOCK_DETECTED {
        "another session changes the same rows in another order; run it again"
    } else if is_end_of_session(code) {
        "the server was stopped, or an administrator ended the session; try again"
    } else if *code == SqlState::TOO_MANY_CONNECTIONS {
        "wait until other sessions have ended, or raise max_connections"
    } else {
        "the database says what is wrong"
    };
    because(doing, db).of_kind(kind(code)).remedy(remedy)
}

fn because(doing: &str, cause: &DbError) -> Error {
    let detail = cause.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    Error::failed(format!("cannot {doing}: {}{detail}", cause.message()))
}

fn kind(code: &SqlState) -> ErrorKind {
    let denied = [
        &SqlState::INSUFFICIENT_PRIVILEGE,
        &SqlState::INVALID_PASSWORD,
        &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ];
    if denied.contains(&code) {
        ErrorKind::Denied
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        ErrorKind::NotFound
    } else if *code == SqlState::QUERY_CANCELED {
        ErrorKind::Limit
    } else if *code == SqlState::FOREIGN_KEY_VIOLATION {
        ErrorKind::Conflict
    } else if is_conflict_of_sessions(code) || is_end_of_session(code) || code.code().starts_with("53") {
        ErrorKind::Unavailable
    } else {
        ErrorKind::Failed
    }
}

/// Whether another session was in the way.
fn is_conflict_of_sessions(code: &SqlState) -> bool {
    [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED]
        .contains(&code)
}

/// The error of a connection that the pool could not give.
pub(crate) fn unconnected(doing: &str, cause: PoolError) -> Error {
    match cause {
        PoolError::Backend(cause) => failed(doing, cause),
        PoolError::Timeout(_) => too_late(doing),
        other => Error::failed(format!("cannot {doing}")).caused_by(other),
    }
}

/// The error of a connection that is not there in time.
pub(crate) fn too_late(doing: &str) -> Error {
    Error::new(ErrorKind::Unavailable, &format!("cannot {doing} in time"))
        .remedy("check host and port, and whether the server takes more connections")
}

/// What was wrong with TLS, where that was it.
pub(crate) fn of_tls(cause: &tokio_postgres::Error) -> Option<&TlsError> {
    let io = std::error::Error::source(cause)?.downcast_ref::<std::io::Error>()?;
    io.get_ref()?.downcast_ref()
}

fn untrusted(doing: &str, cause: &TlsError) -> Error {
    let remedy = match cause {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "if it is the right server, name the authority that signed its certificate: sslrootcert=FILE"
        }
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            "use the name that is in the certificate (as subjectAltName), or check no names: sslmode=verify-ca"
        }
        TlsError::InvalidCertificate(_) => "the server needs another certificate",
        TlsError::AlertReceived(_) => "the server refuses: check the client certificate (sslcert, sslkey)",
        _ => "check that the server speaks TLS 1.2 or 1.3",
    };
    Error::new(ErrorKind::Unavailable, &format!("cannot {doing}: TLS: {cause}")).remedy(remedy)
}

/// Whether the connection is gone, for no fault of the query.
pub(crate) fn is_lost(cause: &tokio_postgres::Error) -> bool {
    let is_io =
        || std::error::Error::source(cause).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
    cause.is_closed() || cause.code().map_or_else(is_io, is_end_of_session)
}

/// Shutdowns and starts, and connections that failed (class 08): what a pooler says when its server is gone.
fn is_end_of_session(code: &SqlState) -> bool {
    [&SqlState::ADMIN_SHUTDOWN, &SqlState::CRASH_SHUTDOWN, &SqlState::CANNOT_CONNECT_NOW].contains(&code)
        || code.code().starts_with("08")
}

/// Whether it is a fault of the rows themselves, so that others can go in without them.
pub(crate) fn is_of_rows(cause: &tokio_postgres::Error) -> bool {
    cause.as_db_error().is_some_and(|db| {
        // Data exceptions, constraints, checks of views, limits, RAISE of a trigger; XX000 is what PostGIS gives for
        // geometries that it refuses.
        let class = db.code().code().get(..2).unwrap_or_default();
        let is_of_postgis =
            || db.file().is_some_and(|file| file.starts_with("lwgeom") || file.starts_with("gserialized"));
        matches!(class, "22" | "23" | "44" | "54" | "P0")
            || (*db.code() == SqlState::INTERNAL_ERROR && is_of_postgis())
    })
}

/// Whether a row is there already.
pub(crate) fn is_duplicate(cause: &tokio_postgres::Error) -> bool {
    cause.code() == Some(&SqlState::UNIQUE_VIOLATION)
}

/// Whether another session was in the way, so that the same may go well the next time.
pub(crate) fn is_conflict(cause: &tokio_postgres::Error) -> bool {
    let codes = [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE];
    cause.code().is_some_and(|code| codes.contains(code))
}

/// How often a transaction was tried that others were in the way of.
#[derive(Default)]
pub(crate) struct Attempts(u32);

impl Attempts {
    const MOST: u32 = 6;

    /// Waits before the next one, longer each time and by chance, so that two that met do not meet again; `false`: it was
    /// tried often enough.
    pub(crate) async fn wait(&mut self) -> bool {
        self.0 += 1;
        let longest = 50_u64 << self.0;
        let millis = longest / 2 + RandomState::new().hash_one(self.0) % (longest / 2);
        if self.0 < Self::MOST {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        self.0 < Self::MOST
    }
}
