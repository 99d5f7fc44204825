//! The gate: whether a JSON value is a STAC Item, Collection or Catalog of 1.0.0 or 1.1.0, and everything that is wrong
//! with it in one go.
//!
//! The checks are written by hand, one walk over the members of each object. They agree with the official JSON Schemas
//! ([`Grade::Strict`]) and refuse what those cannot state; `docs/validation.md` lists the differences. A clean object
//! costs no allocation: places and messages are put together only for a finding.

mod check;
mod collection;
mod common;
mod extensions;
mod finding;
mod geometry;
mod iri;
mod item;
mod link;
mod path;
mod profile;
mod rule;

use std::fmt;
use std::sync::Arc;

pub(crate) use finding::shorten;
pub use finding::{Finding, Refusal, Verdict};
pub use rule::{Rule, Weight};

use check::Check;
use path::Path;

use crate::json::Value;
use crate::profile::Profile;
use crate::schemas::Schemas;

/// How strict the gate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grade {
    /// Refuses what makes an object wrong or ambiguous; warns of what is harmless or supplied by a store
    /// ([`Weight::Tolerated`]).
    #[default]
    Default,
    /// Refuses all that the official JSON Schemas refuse, and more.
    Strict,
}

/// What an object says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// `type` is `Feature`.
    Item,
    /// `type` is `Collection`.
    Collection,
    /// `type` is `Catalog`.
    Catalog,
}

impl ObjectKind {
    /// What the `type` of the value says; `None` for all else.
    pub fn of(value: Value<'_>) -> Option<Self> {
        match &*value.get("type")?.as_str()? {
            "Feature" => Some(Self::Item),
            "Collection" => Some(Self::Collection),
            "Catalog" => Some(Self::Catalog),
            _ => None,
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Item => "Item",
            Self::Collection => "Collection",
            Self::Catalog => "Catalog",
        })
    }
}

/// The gate that everything passes on its way in. Cheap to clone; one can be shared by all threads.
///
/// ```
/// use stacyard_model::{Gate, Grade, json::Document};
/// let document = Document::parse(r#"{"type": "Feature", "stac_version": "1.1.0"}"#).unwrap();
/// let verdict = Gate::new(Grade::Strict).item(document.root());
/// assert_eq!(verdict.errors[0].to_string(),
///     "(top level): \"id\" is missing [id: STAC Item, Collection and Catalog: Fields, id]");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Gate {
    grade: Grade,
    schemas: Option<Arc<Schemas>>,
    require_schemas: bool,
    profile: Option<Arc<Profile>>,
}

impl Gate {
    /// A gate of this grade, without schemas of extensions.
    pub const fn new(grade: Grade) -> Self {
        Self { grade, schemas: None, require_schemas: false, profile: None }
    }

    /// Also checks each object's extensions against these schemas.
    #[must_use]
    pub fn with_schemas(self, schemas: Arc<Schemas>) -> Self {
        Self { schemas: Some(schemas), ..self }
    }

    /// Whether an extension whose schema is not there is an error and not a warning.
    #[must_use]
    pub const fn require_schemas(mut self, require: bool) -> Self {
        self.require_schemas = require;
        self
    }

    /// Also checks the fields of Items that a profile declares.
    #[must_use]
    pub fn with_profile(self, profile: Option<Arc<Profile>>) -> Self {
        Self { profile, ..self }
    }

    /// The profile that Items have to meet.
    pub const fn profile(&self) -> Option<&Arc<Profile>> {
        self.profile.as_ref()
    }

    /// Whether it asks for no more than the default gate.
    pub fn is_default(&self) -> bool {
        self.grade == Grade::Default && self.schemas.is_none() && self.profile.is_none()
    }

    /// The grade.
    pub const fn grade(&self) -> Grade {
        self.grade
    }

    /// Checks a value that is to be an Item.
    pub fn item(&self, value: Value<'_>) -> Verdict {
        self.check(value, |check, value| {
            check.item(value);
            if let Some(profile) = &self.profile {
                profile::check(check, value, profile);
            }
        })
    }

    /// Checks a value that is to be a Collection.
    pub fn collection(&self, value: Value<'_>) -> Verdict {
        self.check(value, Check::collection)
    }

    /// Checks a value that is to be a Catalog.
    pub fn catalog(&self, value: Value<'_>) -> Verdict {
        self.check(value, Check::catalog)
    }

    /// Checks a value as what its `type` says it is; another `type`, or none, is an error.
    pub fn object(&self, value: Value<'_>) -> (Option<ObjectKind>, Verdict) {
        let kind = ObjectKind::of(value);
        let verdict = match kind {
            Some(ObjectKind::Item) => self.item(value),
            Some(ObjectKind::Collection) => self.collection(value),
            Some(ObjectKind::Catalog) => self.catalog(value),
            None => self.check(value, Check::unknown),
        };
        (kind, verdict)
    }

    fn check(&self, value: Value<'_>, rules: impl FnOnce(&mut Check, Value<'_>)) -> Verdict {
        let mut check = Check::new(self.grade);
        rules(&mut check, value);
        if let Some(schemas) = &self.schemas {
            extensions::check(&mut check, value, schemas, self.require_schemas);
        }
        check.verdict
    }
}

impl Check {
    fn unknown(&mut self, value: Value<'_>) {
        let expected = "\"Feature\" (an Item), \"Collection\" or \"Catalog\"";
        match (value.members(), value.get("type")) {
            (None, _) => self.wrong(Rule::Object, &Path::ROOT, value, "an object"),
            (_, None) => self.report(
                Rule::Type,
                &Path::ROOT,
                None,
                format_args!("\"type\" is missing: it is {expected}"),
            ),
            (_, Some(kind)) => {
                self.report(
                    Rule::Type,
                    &Path::ROOT.member("type"),
                    Some(kind),
                    format_args!("must be {expected}"),
                );
            }
        }
    }
}
