//! JSON Schemas of extensions: a set of documents the user gave, found by their `$id`, compiled when first used.
//! Reading files is not done here, and nothing is ever fetched.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::{Map, Value};

/// A set of JSON Schemas. Each is compiled the first time an object names it, once for all threads; one that is
/// broken harms only the objects that use it.
pub struct Schemas {
    documents: Arc<Documents>,
    compiled: HashMap<String, OnceLock<Result<Validator, Unusable>>>,
}

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The address of the schema.
    pub url: String,
    /// Why: what `jsonschema` says.
    pub reason: String,
    /// The schemas that it refers to, itself or through others, and that are not in the set; in order. Where there are some,
    /// nothing else may be wrong with it.
    pub missing: Vec<String>,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the JSON Schema {} cannot be used: {}", self.url, self.reason)
    }
}
impl std::error::Error for Unusable {}

/// The documents by their `$id`, without a fragment, and by the names they were given with.
#[derive(Default)]
struct Documents {
    by_id: HashMap<String, Value>,
    ids_by_name: Vec<(String, String)>,
}

impl Documents {
    /// Finds the document that a URL names: by its `$id`, or by a name such as `dir/host/path` that ends as the URL
    /// does. (The `$id` of `common.json` of STAC 1.1.0 has a slip of the pen, and some schemas have none.)
    fn find(&self, url: &str) -> Option<(&str, &Value)> {
        let url = normalise(url);
        if let Some((id, document)) = self.by_id.get_key_value(url) {
            return Some((id, document));
        }
        let (_, tail) = url.split_once("://")?;
        let (_, id) = self.ids_by_name.iter().find(|(name, _)| {
            name.strip_suffix(tail).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })?;
        self.by_id.get_key_value(id).map(|(id, document)| (id.as_str(), document))
    }
}

fn normalise(url: &str) -> &str {
    url.strip_suffix('#').unwrap_or(url)
}

/// Finds the documents that others refer to, and notes those that are not in the set.
struct Lookup {
    documents: Arc<Documents>,
    missing: Arc<Mutex<BTreeSet<String>>>,
}

impl Retrieve for Lookup {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        if let Some((_, document)) = self.documents.find(uri.as_str()) {
            return Ok(document.clone());
        }
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.insert(normalise(uri.as_str()).to_owned());
        // Something must be there, so that all that is missing is asked for, whichever comes first.
        Ok(Value::Object(Map::new()))
    }
}

impl Schemas {
    /// Takes documents with the names they are known by, such as their paths with `/` between the parts. Those that
    /// are no objects are passed over. Of two with the same `$id` the first counts.
    pub fn new(documents: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut set = Documents::default();
        for (name, document) in documents {
            if !document.is_object() {
                continue;
            }
            let id = document.get("$id").or_else(|| document.get("id")).and_then(Value::as_str);
            let id = normalise(id.filter(|id| id.contains("://")).unwrap_or(&name)).to_owned();
            set.by_id.entry(id.clone()).or_insert(document);
            set.ids_by_name.push((name, id));
        }
        let compiled = set.by_id.keys().map(|id| (id.clone(), OnceLock::new())).collect();
        Self { documents: Arc::new(set), compiled }
    }

    /// How many schemas there are.
    pub fn len(&self) -> usize {
        self.compiled.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.compiled.is_empty()
    }

    /// The validator of the schema at this URL; `None` where the set does not hold it. Formats are asserted, as the
    /// validators of STAC do.
    pub fn validator(&self, url: &str) -> Option<Result<&Validator, &Unusable>> {
        let (id, document) = self.documents.find(url)?;
        let compiled = self.compiled.get(id)?.get_or_init(|| self.compile(id, document));
        Some(compiled.as_ref())
    }
}

impl Schemas {
    fn compile(&self, id: &str, document: &Value) -> Result<Validator, Unusable> {
        let missing = Arc::new(Mutex::new(BTreeSet::new()));
        let built = jsonschema::options()
            .with_retriever(Lookup { documents: Arc::clone(&self.documents), missing: Arc::clone(&missing) })
            .should_validate_formats(true)
            .build(document);
        let missing = std::mem::take(&mut *missing.lock().unwrap_or_else(PoisonError::into_inner));
        let unusable = |reason, missing| Unusable { url: id.to_owned(), reason, missing };
        if !missing.is_empty() {
            let missing: Vec<String> = missing.into_iter().collect();
            return Err(unusable(
                format!("it refers to {}, not among those given", missing.join(", ")),
                missing,
            ));
        }
        built.map_err(|error| unusable(error.to_string(), Vec::new()))
    }
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schemas").field("len", &self.len()).finish_non_exhaustive()
    }
}
