//! Files on servers and in object stores: read in any order or from the beginning, and written as a whole.
//!
//! `options` says how they are asked, `place` is where a URL leads (`profile` are the credentials that AWS keeps in files, `connector` the one client
//! of HTTP), `file` reads ranges, `stream` reads from the beginning, `upload` and `http_put` write, `folder` finds the files of one, `storage` is one that a dataset stands in; `told` words what goes wrong.

mod connector;
mod file;
mod folder;
mod http_put;
mod object;
mod options;
mod place;
mod profile;
mod storage;
mod stream;
mod told;
mod upload;

pub use self::object::Object;
pub use self::options::ObjectOptions;
