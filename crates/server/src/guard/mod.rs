//! Who may do what. Each request is one of a *principal*, told from its headers here and nowhere else: what it may read, and what it may
//! write, all or some collections. A handler gets the stores as this principal sees them (`Catalog`), and what writes needs a `Writer`.
//! Web pages of others are told apart here, too, and headers tell browsers what not to do with answers.

mod admit;
mod bearers;
mod browser;
mod principal;
mod scope;

pub(crate) use self::admit::{Writer, admit};
pub use self::bearers::Bearers;
pub(crate) use self::browser::{cors, hardened};
pub(crate) use self::principal::{Guard, Principal};
pub(crate) use self::scope::Reach;
