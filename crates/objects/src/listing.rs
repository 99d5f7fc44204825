//! The files of a folder of an object store.

use futures_util::TryStreamExt;
use object_store::ObjectMeta;
use object_store::path::Path;
use stacyard_store::{Error, ErrorKind};

use crate::place::Place;

/// All files below a folder: their paths in it, in order.
pub(crate) fn files(place: &Place) -> Result<Vec<(String, Path)>, Error> {
    if place.is_plain() {
        let message =
            format!("{} is a folder on a server of HTTP, which does not say what is in it", place.shown);
        return Err(Error::new(ErrorKind::Unsupported, &message).remedy("name a file of it"));
    }
    let found: Vec<ObjectMeta> = place.wait(place.store.list(Some(&place.path)).try_collect())?;
    let inside = |path: &Path| {
        let parts: Vec<_> = path.prefix_match(&place.path)?.collect();
        Some(parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/"))
    };
    let mut files: Vec<_> =
        found.into_iter().filter_map(|meta| Some((inside(&meta.location)?, meta.location))).collect();
    files.sort_unstable();
    Ok(files)
}
