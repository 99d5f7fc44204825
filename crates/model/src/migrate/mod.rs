//! Older versions.

/// Whether objects of this `stac_version` are read with a migration.
pub fn is_migratable(version: &str) -> bool {
    version.starts_with("0.9") || version.starts_with("1.0.0-") || version.starts_with("1.1.0-")
}
