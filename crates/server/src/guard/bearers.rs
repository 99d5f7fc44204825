//! Bearer tokens (RFC 6750). A token is 32 random bytes, shown once; what is kept is its SHA-256, which needs no slow hash, as nobody can
//! guess so many bytes. Hashes stand in a file, a line for each: a label, the hash, scopes.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use stacyard_store::{Error, Remedy};
use subtle::ConstantTimeEq;

use super::scope::Scope;

/// Begins each token that is made here, so that scanners for secrets know one when they see it.
const PREFIX: &str = "stacyard_";

/// The tokens that a server takes.
#[derive(Debug, Clone)]
pub struct Bearers(Arc<[Bearer]>);

/// What is kept of a token.
#[derive(Debug)]
pub(super) struct Bearer {
    pub(super) label: Arc<str>,
    hash: [u8; 32],
    pub(super) scopes: Vec<Scope>,
}

impl Bearers {
    /// Of the lines of a file: LABEL HASH SCOPE..., where a scope is `read`, `write`, `read:COLLECTION` or `write:COLLECTION`. Lines that
    /// are empty or begin with `#` say nothing.
    ///
    /// # Errors
    /// A line that is none; no line at all. What a line says is not shown, as it may be a token.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let of = |(index, line): (usize, &str)| {
            Bearer::parse(line).map_err(|what| {
                let message = format!("line {} of the tokens: {what}", index + 1);
                Error::usage(message, right_lines())
            })
        };
        let all: Vec<Bearer> = lines.map(of).collect::<Result<_, _>>()?;
        if all.is_empty() {
            return Err(Error::usage("there are no tokens, so that nobody could write", right_lines()));
        }
        Ok(Self(all.into()))
    }

    /// A new token, and the line of a file that says what it is good for. The token is nowhere else.
    ///
    /// # Errors
    /// A label or scope that is none; where the system has no random numbers.
    pub fn mint(label: &str, scopes: &[String]) -> Result<(String, String), Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|cause| Error::failed("the system gives no random numbers").caused_by(cause))?;
        let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let hash = hash(&token).iter().fold(String::new(), |mut digits, byte| {
            // It cannot fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        let line = format!("{label} {hash} {}", scopes.join(" "));
        let words = 2 + scopes.len();
        if label.starts_with('#') || line.split_whitespace().count() != words {
            return Err(Error::usage("labels and scopes are words", "write `%20` for a space in a scope"));
        }
        Bearer::parse(&line).map_err(|what| {
            Error::usage(what, "scopes are read, write, read:COLLECTION and write:COLLECTION")
        })?;
        Ok((token, line))
    }

    /// The one of this token. All are compared, each in constant time.
    pub(super) fn find(&self, token: &str) -> Option<&Bearer> {
        let hash = hash(token);
        let is_it = |bearer: &&Bearer| bool::from(bearer.hash.ct_eq(&hash));
        self.0.iter().fold(None, |found, bearer| if is_it(&bearer) { Some(bearer) } else { found })
    }
}

impl Bearer {
    fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.split_whitespace();
        let (Some(label), Some(digits)) = (words.next(), words.next()) else {
            return Err("a label and a hash are needed".to_owned());
        };
        let hash = hash_of(digits).ok_or("the hash has to be the 64 hexadecimal digits of a SHA-256")?;
        let scopes = words.map(|word| Scope::parse(word).ok_or("a scope that is none"));
        let scopes: Vec<Scope> = scopes.collect::<Result<_, _>>()?;
        if scopes.is_empty() {
            return Err("no scope, so that the token would be good for nothing".to_owned());
        }
        Ok(Self { label: label.into(), hash, scopes })
    }
}

fn right_lines() -> Remedy {
    Remedy::call("token", &["FILE", "LABEL", "SCOPE"]).text(" adds a line that is right")
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn hash_of(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_by_their_hash() {
        let (token, line) = Bearers::mint("ingest", &["write:a".to_owned(), "read".to_owned()]).unwrap();
        let other = Bearers::mint("other", &["read".to_owned()]).unwrap();
        assert!(!line.contains(&token) && token.len() == PREFIX.len() + 43, "{line}");
        let all = Bearers::parse(&format!("# tokens\n\n{line}\n{}\n", other.1)).unwrap();
        assert_eq!(&*all.find(&token).unwrap().label, "ingest");
        assert_eq!(&*all.find(&other.0).unwrap().label, "other");
        for wrong in ["", &token[1..], &line, PREFIX] {
            assert!(all.find(wrong).is_none(), "{wrong}");
        }
        // printf secret | sha256sum
        let known = "known 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b write";
        assert!(Bearers::parse(known).unwrap().find("secret").is_some());
    }

    #[test]
    fn wrong_lines_are_said_without_what_they_say() {
        for text in ["", "# none", "only", "a s3cr3t read", "a s3cr3t", &format!("a {}", "0".repeat(64))] {
            let error = Bearers::parse(text).unwrap_err();
            assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
        }
        for (label, scope) in [("a b", "read"), ("#a", "read"), ("", "read"), ("a", "all"), ("a", "")] {
            assert!(Bearers::mint(label, &[scope.to_owned()]).is_err(), "{label} {scope}");
        }
        assert!(Bearers::mint("a", &[]).is_err());
    }
}
