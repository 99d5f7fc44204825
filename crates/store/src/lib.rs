//! Placeholder while the workspace is put up.
