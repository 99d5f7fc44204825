//! What of a store has changed since a moment, for whoever holds a copy of it and need not read all of it again.

use crate::{ItemKey, Source};

/// Items that have come or changed since a [mark](crate::Backend::mark) was made; some may be the same as before.
pub struct Since {
    /// Their names.
    pub names: Vec<ItemKey>,
    /// They themselves.
    pub items: Box<dyn Source>,
}
