//! Tokens of pages: a place in the order of a search, signed, so that nobody goes to a place that no link has led to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stacyard_store::Error;

use crate::problem::Problem;

/// So many bytes of the code are in a token.
const CODE: usize = 16;

/// A key has so many bytes at least.
const SHORTEST: usize = 16;

/// Makes and reads tokens.
#[derive(Clone)]
pub(crate) struct Tokens(Hmac<Sha256>);

impl Tokens {
    /// With a key, or a random one.
    ///
    /// # Errors
    /// A key that is too short; where the system has no random numbers.
    pub(crate) fn new(key: Option<&[u8]>) -> Result<Self, Error> {
        if key.is_some_and(|key| key.len() < SHORTEST) {
            return Err(Error::usage(
                format!("a key of less than {SHORTEST} bytes signs nothing"),
                "use 32 random bytes",
            ));
        }
        let mut random = [0; 32];
        if key.is_none() {
            getrandom::fill(&mut random)
                .map_err(|cause| Error::failed("the system gives no random numbers").caused_by(cause))?;
        }
        // HMAC takes keys of any length.
        let mac = Hmac::new_from_slice(key.unwrap_or(&random));
        mac.map(Self).map_err(|_| Error::usage("the key of the tokens cannot be used", "use 32 random bytes"))
    }

    /// The token of a place, told as a text.
    pub(crate) fn sign(&self, place: &str) -> String {
        let code = self.0.clone().chain_update(place).finalize().into_bytes();
        format!("{place}.{}", URL_SAFE_NO_PAD.encode(&code[..CODE]))
    }

    /// The text of a token that this has made.
    pub(crate) fn read(&self, token: &str) -> Result<String, Problem> {
        let wrong = || {
            Problem::bad("this is no token of a page")
                .parameter("token")
                .help("begin with the first page again")
        };
        let (place, code) = token.rsplit_once('.').ok_or_else(wrong)?;
        let code = URL_SAFE_NO_PAD.decode(code).map_err(|_| wrong())?;
        if code.len() != CODE {
            return Err(wrong());
        }
        // In constant time.
        self.0.clone().chain_update(place).verify_truncated_left(&code).map_err(|_| wrong())?;
        Ok(place.to_owned())
    }
}
