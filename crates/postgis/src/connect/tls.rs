//! TLS as libpq's `sslmode` has it: whose certificate is trusted, and what is shown of our own.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use stacyard_store::Error;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::connect::settings::Settings;
use crate::connect::trust;

/// How much TLS there must be, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Where the server offers it; whoever it is.
    Prefer,
    Require,
    /// Of a server with a certificate that is trusted.
    VerifyCa,
    /// And with the host's name in it.
    VerifyFull,
}

/// How to speak TLS with a server: what the settings say, with the files that they name.
pub(crate) struct Tls {
    pub(crate) mode: Mode,
    pub(crate) connector: MakeRustlsConnect,
}

impl Tls {
    /// `None`: without.
    pub(crate) fn of(
        settings: &Settings,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, Error> {
        let home = variable("HOME").map(|home| Path::new(&home).join(".postgresql"));
        let in_home = |name| home.as_ref().map(|home| home.join(name)).filter(|path| path.exists());
        let is_system = settings.get("sslrootcert") == Some("system");
        let mode = match settings.get("sslmode") {
            // Anyone has a certificate of a public authority: it says nothing without the name.
            None if is_system => Mode::VerifyFull,
            None | Some("prefer" | "allow") => Mode::Prefer,
            Some("disable") => return Ok(None),
            Some("require") => Mode::Require,
            Some("verify-ca") => Mode::VerifyCa,
            Some("verify-full") => Mode::VerifyFull,
            Some(other) => {
                return Err(Error::usage(
                    format!("there is no sslmode {other:?}"),
                    "write disable, allow, prefer, require, verify-ca or verify-full",
                ));
            }
        };
        if is_system && mode != Mode::VerifyFull {
            return Err(Error::usage(
                "sslrootcert=system is for sslmode=verify-full only: any server has a certificate of some public authority",
                "leave sslmode out, or name the authority's own file in sslrootcert",
            ));
        }
        let named = |name| settings.get(name).map(PathBuf::from);
        let roots = match named("sslrootcert").or_else(|| in_home("root.crt")) {
            _ if mode == Mode::Prefer => None,
            _ if is_system => Some(trust::system()?),
            Some(file) => Some(certificates(&file)?),
            None if mode == Mode::Require => None,
            None => {
                return Err(Error::usage(
                    "there is no certificate of an authority to verify the server with",
                    "name its file in sslrootcert (or `system` for what the system trusts), or put it at ~/.postgresql/root.crt",
                ));
            }
        };
        let own = match named("sslcert").or_else(|| in_home("postgresql.crt")) {
            Some(file) => {
                let key = named("sslkey").or_else(|| in_home("postgresql.key")).ok_or_else(|| {
                    Error::usage(
                        format!("the client certificate {} has no key", file.display()),
                        "name its file in sslkey",
                    )
                })?;
                Some((certificates(&file)?, private_key(&key)?))
            }
            None => None,
        };
        let config = client_config(mode, roots, own)
            .map_err(|cause| Error::failed("cannot prepare TLS").caused_by(cause).remedy(
                "check that sslcert and sslkey belong together, and that sslrootcert holds certificates of authorities",
            ))?;
        Ok(Some(Self { mode, connector: MakeRustlsConnect::new(config) }))
    }
}

type Certificates = Vec<CertificateDer<'static>>;

fn client_config(
    mode: Mode,
    roots: Option<Certificates>,
    own: Option<(Certificates, PrivateKeyDer<'static>)>,
) -> Result<ClientConfig, rustls::Error> {
    // Not the process's default: a program that uses this crate may have chosen another.
    let provider: Arc<CryptoProvider> = rustls::crypto::ring::default_provider().into();
    let verifier = trust::verifier(roots, mode == Mode::VerifyFull, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match own {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    // PostgreSQL 17 asks for it where TLS begins at once (sslnegotiation=direct).
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

fn certificates(file: &Path) -> Result<Certificates, Error> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Certificates, _>>);
    match read {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) => Err(unreadable(file, PemError::NoItemsFound)),
        Err(cause) => Err(unreadable(file, cause)),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let data = fs::metadata(file).map_err(|cause| Error::io("read", file, cause))?;
    // As by libpq: a key of root may be for a group.
    let others = if data.uid() == 0 { 0o037 } else { 0o077 };
    if data.permissions().mode() & others != 0 {
        return Err(Error::usage(
            format!("others can read the key {}", file.display()),
            format!("chmod 600 {}", file.display()),
        ));
    }
    PrivateKeyDer::from_pem_file(file).map_err(|cause| unreadable(file, cause))
}

fn unreadable(file: &Path, cause: PemError) -> Error {
    match cause {
        PemError::Io(cause) => Error::io("read", file, cause),
        cause => Error::failed(format!("cannot read {}: {cause}", file.display()))
            .remedy("it must be PEM, as openssl writes it; a key without a passphrase"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(query: &str) -> Result<Option<Mode>, String> {
        let settings = Settings::of_url(&format!("postgis://h/db?{query}")).unwrap();
        Tls::of(&settings, &|_| None).map(|tls| tls.map(|tls| tls.mode)).map_err(|cause| cause.to_string())
    }

    #[test]
    fn modes_are_those_of_libpq() {
        assert_eq!(mode(""), Ok(Some(Mode::Prefer)));
        assert_eq!(mode("sslmode=disable"), Ok(None));
        assert_eq!(mode("sslmode=allow"), Ok(Some(Mode::Prefer)));
        assert_eq!(mode("sslmode=require"), Ok(Some(Mode::Require)));
        insta::assert_snapshot!(mode("sslmode=on").unwrap_err(), @r#"there is no sslmode "on""#);
        insta::assert_snapshot!(mode("sslmode=verify-ca").unwrap_err(), @"there is no certificate of an authority to verify the server with");
        insta::assert_snapshot!(mode("sslmode=require&sslrootcert=system").unwrap_err(), @"sslrootcert=system is for sslmode=verify-full only: any server has a certificate of some public authority");
        // What is named must be there, where libpq would do without.
        insta::assert_snapshot!(mode("sslmode=require&sslrootcert=/nowhere/ca.crt").unwrap_err(), @"cannot read /nowhere/ca.crt: No such file or directory (os error 2)");
    }

    #[test]
    fn keys_are_for_their_owner_only() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(private_key(file.path()).unwrap_err().to_string().starts_with("others can read the key"));
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).unwrap();
        assert!(private_key(file.path()).unwrap_err().to_string().starts_with("cannot read"));
    }
}
