//! A version of a table: what all actions up to it say together.

use std::collections::BTreeMap;
use std::sync::Arc;

use stacyard_store::{Error, ErrorKind};

use crate::dataset::log::action::{Add, Line, Metadata, Protocol, Remove, Txn};

/// Features of readers and writers that change nothing of what is done here (PROTOCOL.md, "Valid Feature Names in Table Features").
const READABLE: [&str; 2] = ["timestampNtz", "vacuumProtocolCheck"];
const WRITABLE: [&str; 4] = ["appendOnly", "invariants", "timestampNtz", "vacuumProtocolCheck"];

/// A version of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) version: u64,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) metadata: Option<Arc<Metadata>>,
    /// Its files by their paths.
    pub(crate) files: BTreeMap<String, Arc<Add>>,
    /// Files that were taken away.
    pub(crate) removed: BTreeMap<String, Arc<Remove>>,
    pub(crate) transactions: BTreeMap<String, Txn>,
    /// The version that the newest checkpoint is of.
    pub(crate) checkpoint: Option<u64>,
}

impl Snapshot {
    /// Adds what a line says.
    pub(crate) fn apply(&mut self, line: Line) {
        if let Some(add) = line.add {
            self.removed.remove(&add.path);
            self.files.insert(add.path.clone(), Arc::new(add));
        }
        if let Some(remove) = line.remove {
            self.files.remove(&remove.path);
            self.removed.insert(remove.path.clone(), Arc::new(remove));
        }
        if let Some(metadata) = line.meta_data {
            self.metadata = Some(Arc::new(metadata));
        }
        if let Some(protocol) = line.protocol {
            self.protocol = Some(protocol);
        }
        if let Some(txn) = line.txn {
            self.transactions.insert(txn.app_id.clone(), txn);
        }
    }

    /// Fails where the table cannot be read as the actions say.
    pub(crate) fn check(&self, name: &str) -> Result<(), Error> {
        let lacks = |what: &str| {
            let message = format!("{name}: version {} says nothing of its {what}", self.version);
            Error::new(ErrorKind::Damaged, &message)
                .remedy("its log is damaged: bring _delta_log back from a copy")
        };
        let protocol = self.protocol.as_ref().ok_or_else(|| lacks("protocol"))?;
        let metadata = self.metadata.as_ref().ok_or_else(|| lacks("columns"))?;
        if protocol.min_reader_version > 1 && protocol.min_reader_version != 3 {
            return Err(unknown(name, "read", &format!("reader version {}", protocol.min_reader_version)));
        }
        let features = protocol.reader_features.iter().flatten();
        for feature in features.filter(|feature| !READABLE.contains(&feature.as_str())) {
            // It may be in the protocol and not in use; in use each of its files says so.
            let is_idle = feature == "deletionVectors" && self.files.values().all(|add| has_none(add));
            if !is_idle {
                return Err(unknown(name, "read", &format!("the feature {feature}")));
            }
        }
        if self.files.values().any(|add| !has_none(add)) {
            return Err(unknown(name, "read", "the feature deletionVectors"));
        }
        if metadata.format.provider != "parquet" {
            let message = format!("{name} is a table of {} files", metadata.format.provider);
            return Err(
                Error::new(ErrorKind::Unsupported, &message).remedy("only tables of Parquet are read")
            );
        }
        Ok(())
    }

    /// Fails where the table cannot be written by who knows no more of the protocol.
    pub(crate) fn check_writable(&self, name: &str) -> Result<(), Error> {
        let Some(protocol) = &self.protocol else { return Ok(()) };
        if protocol.min_writer_version > 2 && protocol.min_writer_version != 7 {
            return Err(unknown(name, "written", &format!("writer version {}", protocol.min_writer_version)));
        }
        let mut features = protocol.writer_features.iter().flatten();
        if let Some(feature) = features.find(|feature| !WRITABLE.contains(&feature.as_str())) {
            return Err(unknown(name, "written", &format!("the feature {feature}")));
        }
        let partitioned = self.metadata.iter().flat_map(|metadata| &metadata.partition_columns).next();
        if let Some(column) = partitioned {
            let message = format!(
                "{name} is partitioned by {column}, as another program has made it, and is only read"
            );
            return Err(Error::new(ErrorKind::Unsupported, &message)
                .remedy("copy it to a dataset of its own, which has its Items together by other means"));
        }
        Ok(())
    }
}

impl Snapshot {
    /// Fails where the table says that what is in it stays.
    pub(crate) fn check_replaceable(&self, name: &str) -> Result<(), Error> {
        let said = self.metadata.as_ref().and_then(|metadata| metadata.configuration.get("delta.appendOnly"));
        if said.and_then(Option::as_deref).is_none_or(|said| !said.eq_ignore_ascii_case("true")) {
            return Ok(());
        }
        let message = format!("{name} takes new Items alone: it has the property delta.appendOnly");
        Err(Error::new(ErrorKind::Unsupported, &message)
            .remedy("copy with mode insert or ignore, or have whoever set the property take it back"))
    }
}

fn has_none(add: &Add) -> bool {
    add.deletion_vector.as_ref().is_none_or(serde_json::Value::is_null)
}

fn unknown(name: &str, done: &str, what: &str) -> Error {
    let message =
        format!("{name} cannot be {done}: its protocol asks for {what}, which this version does not know");
    Error::new(ErrorKind::Unsupported, &message).remedy(
        "use a newer stacyard, or have the program that uses the feature write the table without it (for deletion vectors: REORG TABLE ... APPLY \
         (PURGE), then drop the feature)",
    )
}
