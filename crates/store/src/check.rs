//! What happens to a record before any store takes it: it is parsed, passes the gate, and answers the search or not.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use stacyard_model::json::{SyntaxError, SyntaxErrorKind, Tape, Value};
use stacyard_model::{Gate, ObjectKind, Verdict, migrate};
use stacyard_search::{Compiled, ItemError, KnownNames, MatchError, Names, SearchError, Stopped};

use crate::collections::Found;
use crate::report::{Findings, Located, Problem, Warnings};
use crate::unmatched::{check_lists, check_properties, listed};
use crate::{Batch, Comparison, Error, ErrorKind, Fault, Note, Record, Remedy};

/// What records have to pass.
#[derive(Clone, Default)]
pub struct Check {
    /// The gate; `None` for Items that have passed it already.
    pub gate: Option<Gate>,
    /// Whether Items of older versions of STAC are brought up to date first.
    pub migrate: bool,
    /// Which objects are valid records beside Items.
    pub accept: Accept,
    /// Collections that the input is to have, because a profile speaks of them: a warning names those that it has not.
    pub expected: Vec<String>,
    /// Which Items are wanted.
    pub wants: Wants,
}

/// Which Items of an input are wanted.
#[derive(Clone, Default)]
pub enum Wants {
    /// Those that answer the search; all, where there is none.
    #[default]
    Answering,
    /// Those that do not answer it.
    Others,
    /// Those that the target does not have exactly so.
    Different(Arc<Comparison>),
    /// Of those that the target has: those of which one of the same name has come.
    Coming(Arc<Comparison>),
}

/// What a store knows of the Items that it hands over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// They have passed the gate on their way in.
    pub are_valid: bool,
    /// Which names of the search no Item has: it has found out by itself, and hands over only some Items.
    pub names: bool,
}

/// What records have to pass, with the search that Items have to answer.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    check: Check,
    search: Option<Arc<Compiled>>,
    /// Whether names that no Item has are somebody else's care.
    are_names_known: bool,
}

impl Rules {
    pub(crate) fn new(check: Check, search: Option<Arc<Compiled>>, known: Known) -> Self {
        let gate = check.gate.filter(|_| !known.are_valid);
        let expected = if known.names { Vec::new() } else { check.expected };
        Self { check: Check { gate, expected, ..check }, search, are_names_known: known.names }
    }
}

impl From<Check> for Rules {
    fn from(check: Check) -> Self {
        Self::new(check, None, Known::default())
    }
}

/// Which objects are valid records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Accept {
    /// Items alone.
    #[default]
    Items,
    /// Collections too, which are kept until the end of the input: what is copied, and what is searched.
    Collections,
    /// Collections and Catalogs too, and none is kept.
    All,
}

impl Wants {
    /// What becomes of a valid Item that is not wanted; whether it answers the search is known.
    fn refuses(&self, item: Value<'_>, answers: bool, key: Key) -> Result<Option<Outcome>, Error> {
        Ok(match self {
            Self::Answering | Self::Different(_) if !answers => Some(Outcome::Filtered),
            Self::Others if answers => Some(Outcome::Filtered),
            Self::Coming(comparison) if !comparison.stays(item)? => Some(Outcome::Filtered),
            Self::Different(comparison) if comparison.has(item)? => Some(Outcome::Present(key)),
            _ => None,
        })
    }

    /// The store that Items are compared with as they come.
    pub fn compared(&self) -> Option<&Arc<Comparison>> {
        if let Self::Different(comparison) = self { Some(comparison) } else { None }
    }
}

/// What is noted of many records together.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) warnings: Warnings,
    pub(crate) collections: Found,
    /// Which names of the search have been seen.
    names: Option<Names>,
    /// Names that properties have, and collections: collected while some of the search have not been seen.
    known: KnownNames,
    known_collections: KnownNames,
    /// Which of the expected collections have been seen.
    expected: Vec<bool>,
    /// Bytes of what is wrong with records that are set aside.
    held: usize,
}

/// So much of what is wrong with the records of a batch is held until they are set aside; what is beyond is found again
/// then. Many bad records take little more memory than good ones.
const HELD: usize = 256 << 10;

impl Notes {
    pub(crate) fn new(rules: &Rules) -> Self {
        let names = rules.search.as_deref().filter(|_| !rules.are_names_known).map(Compiled::names);
        Self { names, expected: vec![false; rules.check.expected.len()], ..Self::default() }
    }

    /// Keeps what is wrong with a record, unless too much is held already. The first is always kept.
    fn hold(&mut self, findings: impl FnOnce() -> Findings) -> Outcome {
        if self.held > HELD {
            return Outcome::Rejected(None);
        }
        let findings = findings();
        self.held += findings.weight();
        Outcome::Rejected(Some(Box::new(findings)))
    }

    fn observe(&mut self, search: &Compiled, item: Value<'_>) {
        let Some(names) = &mut self.names else { return };
        search.observe(item, names);
        if names.lacks_property() {
            self.known.add_item(item);
        }
        if names.lacks_collection()
            && let Some(collection) = item.get("collection").and_then(Value::as_str)
        {
            self.known_collections.add(&collection);
        }
    }

    fn expect(&mut self, check: &Check, item: Value<'_>) {
        if self.expected.iter().all(|seen| *seen) {
            return;
        }
        let collection = item.get("collection").and_then(Value::as_str);
        for (name, seen) in check.expected.iter().zip(&mut self.expected) {
            *seen |= collection.as_deref() == Some(name);
        }
    }

    /// Adds those of what comes after.
    pub(crate) fn append(&mut self, later: Self) -> Result<(), Error> {
        self.warnings.append(later.warnings);
        self.collections.append(later.collections)?;
        if let (Some(names), Some(later)) = (&mut self.names, &later.names) {
            names.merge(later);
        }
        self.known.append(&later.known);
        self.known_collections.append(&later.known_collections);
        for (seen, later) in self.expected.iter_mut().zip(later.expected) {
            *seen |= later;
        }
        Ok(())
    }

    /// Once all has been read: fails if the search names what no Item has; gives warnings of what else is missing.
    pub(crate) fn conclude(&self, rules: &Rules) -> Result<Vec<Note>, Error> {
        let mut warnings = Vec::new();
        if let (Some(search), Some(names)) = (&rules.search, &self.names) {
            check_properties(search, names, || Ok(self.known.clone()))?;
            warnings = check_lists(search, names, || Ok(self.known_collections.clone()))?;
        }
        let all = rules.check.expected.iter().zip(&self.expected);
        let missing: Vec<&str> = all.filter(|(_, seen)| !**seen).map(|(name, _)| name.as_str()).collect();
        if !missing.is_empty() {
            let missing = listed("collection", &missing);
            warnings.push(Note {
                message: format!("the profile names the {missing}, to which no valid Item belongs"),
                help: "check its `collections`: of Items of others no field is checked".into(),
            });
        }
        Ok(warnings)
    }
}

/// A wrong search is a wrong request.
impl From<SearchError> for Error {
    fn from(error: SearchError) -> Self {
        let otherwise = match &error {
            SearchError::Stopped(stopped) => return (*stopped).into(),
            SearchError::Filter(_) | SearchError::Unsupported { .. } => {
                Remedy::call("help", &["filter"]).text(" says how filters are written")
            }
            SearchError::Query { name, .. } if name.is_empty() => {
                let json = Remedy::setting("query").text(r#" takes JSON such as '{"gsd": {"lte": 10}}'"#);
                json.also(Remedy::from("CQL2 such as 'gsd <= 10' goes into ").option("filter"))
            }
            // The others say themselves what would be right.
            _ => Remedy::default(),
        };
        let remedy = error.remedy().map_or(otherwise, Remedy::from);
        let shown = Self::usage(error.cause(), remedy);
        error.excerpt().iter().fold(shown, |shown, line| shown.detail(line))
    }
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        let message = stopped.to_string();
        match stopped {
            Stopped::Cancelled => Self::new(ErrorKind::Cancelled, &message),
            Stopped::Late { .. } => Self::new(ErrorKind::Limit, &message).remedy(
                Remedy::from("ask for less (a smaller area, fewer collections, a simpler geometry)")
                    .or(Remedy::from("allow more with ").option("timeout")),
            ),
        }
    }
}

impl From<MatchError> for Error {
    fn from(error: MatchError) -> Self {
        match error {
            MatchError::Stopped(stopped) => stopped.into(),
            MatchError::TooMany(many) => Self::new(ErrorKind::Limit, &many.to_string())
                .remedy("ask for a smaller part, or for larger steps"),
            MatchError::Item(error) => error.into(),
        }
    }
}

/// Only Items that have not passed the gate are like this.
impl From<ItemError> for Error {
    fn from(error: ItemError) -> Self {
        Self::new(ErrorKind::Damaged, &error.to_string())
            .remedy(Remedy::call("validate", &["STORE"]).text(" says what is wrong with its Items"))
    }
}

/// Of which Item a record is: 128 bits of `collection` and `id`, keyed anew in each run, so that nobody can make two
/// different Items clash.
pub type Key = u128;

/// Makes [`Key`]s.
#[derive(Clone, Default)]
pub(crate) struct Keyed(RandomState, RandomState);

impl Keyed {
    fn key(&self, item: Value<'_>) -> Key {
        self.of(&(collection_of(item), item.get("id").and_then(Value::as_str)))
    }

    /// A key of anything: no two that differ have the same.
    pub(crate) fn of(&self, what: &impl Hash) -> Key {
        let hash = |state: &RandomState| u128::from(state.hash_one(what));
        hash(&self.0) << 64 | hash(&self.1)
    }
}

/// The collection of an Item, if it has one.
pub(crate) fn collection_of(item: Value<'_>) -> Option<Cow<'_, str>> {
    item.get("collection").and_then(Value::as_str)
}

/// What became of a record.
pub(crate) enum Outcome {
    /// It may go on. The key is that of an Item.
    Passed(ObjectKind, Key),
    /// It is a valid Item that is not wanted.
    Filtered,
    /// It is a valid Item that the target has exactly so.
    Present(Key),
    /// It is set aside. `None`: what is wrong with it is to be [found again](Checker::findings).
    Rejected(Option<Box<Findings>>),
}

/// Checks records on one thread; keeps its tapes from one to the next.
pub(crate) struct Checker<'a> {
    pub(crate) rules: &'a Rules,
    keyed: &'a Keyed,
    pub(crate) source: Arc<str>,
    tape: Tape,
    migrated: Tape,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(rules: &'a Rules, keyed: &'a Keyed, source: Arc<str>) -> Self {
        Self { rules, keyed, source, tape: Tape::new(), migrated: Tape::new() }
    }

    /// Checks a record, and hands an Item that passes to `accept` together with its key. The flag says that the Item
    /// is the very text of the record.
    pub(crate) fn record(
        &mut self,
        batch: &Batch,
        record: Record,
        notes: &mut Notes,
        accept: impl FnOnce(Value<'_>, Key, bool) -> Result<(), Error>,
    ) -> Result<Outcome, Error> {
        let text = record.of(batch);
        let source = batch.origin.as_ref().unwrap_or(&self.source);
        let compared = self.rules.check.wants.compared();
        let nameless = |problem| Findings { kind: None, id: None, problems: vec![problem], more: 0 };
        if let Some(problem) = unread(record, text) {
            compared.inspect(|comparison| comparison.comes_nameless());
            return Ok(notes.hold(|| nameless(problem)));
        }
        let original = match self.tape.parse(text) {
            Ok(value) => value,
            Err(error) => {
                compared.inspect(|comparison| comparison.comes_nameless());
                return Ok(notes.hold(|| nameless(syntax_problem(text, &error))));
            }
        };
        if let Some(comparison) = compared {
            comparison.comes(original)?;
        }
        let named = |problems, more| {
            let id = id_of(original);
            let kind = id.as_ref().and_then(|_| ObjectKind::of(original));
            Findings { kind, id, problems, more }
        };
        let migrated_text = match self.rules.check.migrate.then(|| migrate::migrate(original)).transpose() {
            Ok(text) => text.flatten(),
            Err(error) => {
                return Ok(notes.hold(|| named(vec![Problem::new("migration", error.to_string())], 0)));
            }
        };
        let value = match &migrated_text {
            None => original,
            Some(text) => self
                .migrated
                .parse(text)
                .map_err(|e| Error::failed("a migrated Item is not JSON").caused_by(e))?,
        };
        if self.rules.check.accept == Accept::Collections
            && ObjectKind::of(value) == Some(ObjectKind::Catalog)
        {
            let message = "a Catalog: stores have Items and Collections (to validate takes Catalogs too)";
            let mut problem = Problem::new("type", message.to_owned());
            "/type".clone_into(&mut problem.pointer);
            return Ok(notes.hold(|| named(vec![problem], 0)));
        }
        let (kind, verdict) = if record.has_passed {
            (ObjectKind::Item, Verdict::default())
        } else {
            self.rules.check.verdict(value)
        };
        let disagreement = disagreement(record.fault);
        if !verdict.errors.is_empty() || disagreement.is_some() {
            let more = verdict.more_errors;
            let problems = verdict.errors.into_iter().map(Problem::from).chain(disagreement);
            return Ok(notes.hold(|| named(problems.collect(), more)));
        }
        for warning in verdict.warnings {
            let first = || {
                let (source, place) = batch.named(source, record.place);
                Located(source, place).to_string()
            };
            notes.warnings.add(1, first, &warning);
        }
        for (rule, count) in verdict.more_warnings {
            notes.warnings.add_more(rule, count);
        }
        if kind != ObjectKind::Item {
            if self.rules.check.accept == Accept::Collections {
                notes.collections.push(batch.named(source, record.place), value.raw());
            }
            return Ok(Outcome::Passed(kind, 0));
        }
        notes.expect(&self.rules.check, value);
        let answers = match &self.rules.search {
            Some(search) => {
                notes.observe(search, value);
                search.matches(value)?
            }
            None => true,
        };
        let key = self.keyed.key(value);
        if let Some(outcome) = self.rules.check.wants.refuses(value, answers, key)? {
            return Ok(outcome);
        }
        accept(value, key, migrated_text.is_none())?;
        Ok(Outcome::Passed(kind, key))
    }

    /// What is wrong with a record that has been rejected before.
    pub(crate) fn findings(&mut self, batch: &Batch, record: Record) -> Result<Box<Findings>, Error> {
        let outcome = self.record(batch, record, &mut Notes::default(), |_, _, _| Ok(()))?;
        self.relax(batch);
        match outcome {
            Outcome::Rejected(Some(findings)) => Ok(findings),
            _ => Err(Error::failed("a record that was not valid is valid now")),
        }
    }

    /// Gives the memory back that long records took, at the end of a batch.
    pub(crate) fn relax(&mut self, batch: &Batch) {
        if batch.text.len() > LONG {
            (self.tape, self.migrated) = (Tape::new(), Tape::new());
        }
    }
}

/// A batch of more bytes than this (8 MiB) has a long record.
const LONG: usize = 8 << 20;

/// The `id` of a record, or the beginning of one that is very long.
fn id_of(value: Value<'_>) -> Option<String> {
    value.get("id").and_then(Value::as_str).map(|id| short(&id).to_owned())
}

fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(1000)]
}

impl Check {
    fn verdict(&self, value: Value<'_>) -> (ObjectKind, Verdict) {
        self.gate
            .as_ref()
            .map_or_else(|| (ObjectKind::Item, Verdict::default()), |gate| self.accept.verdict(gate, value))
    }
}

impl Accept {
    /// What a gate says of an object.
    pub(crate) fn verdict(self, gate: &Gate, value: Value<'_>) -> (ObjectKind, Verdict) {
        match self {
            Self::All => {
                let (kind, verdict) = gate.object(value);
                (kind.unwrap_or(ObjectKind::Item), verdict)
            }
            Self::Collections if ObjectKind::of(value) == Some(ObjectKind::Collection) => {
                (ObjectKind::Collection, gate.collection(value))
            }
            Self::Items | Self::Collections => (ObjectKind::Item, gate.item(value)),
        }
    }
}

/// What is wrong with a record that is not there as a text.
fn unread(record: Record, text: &[u8]) -> Option<Problem> {
    let why = || String::from_utf8_lossy(text).into_owned();
    match record.fault? {
        Fault::TooLong { bytes } => Some(Problem::new(
            "too-long",
            format!("it has {bytes} bytes, more than max-record-size allows; only its beginning is kept"),
        )),
        Fault::Unread => Some(Problem::new("link", why())),
        Fault::NotJson => Some(Problem::new("json", why())),
        Fault::Disagrees { .. } => None,
    }
}

/// What is wrong with a record of which the store has a part twice.
fn disagreement(fault: Option<Fault>) -> Option<Problem> {
    let Some(Fault::Disagrees { column }) = fault else { return None };
    let message = format!(
        "the column {column} of its row says something else; make the row anew: UPDATE items SET id = id WHERE .."
    );
    let pointer = match column {
        "datetime" | "start_datetime" | "end_datetime" => format!("/properties/{column}"),
        "extent_start" | "extent_end" => "/properties".to_owned(),
        "geometry" => "/geometry".to_owned(),
        _ => String::new(),
    };
    Some(Problem { pointer, ..Problem::new("row", message) })
}

fn syntax_problem(text: &[u8], error: &SyntaxError) -> Problem {
    let before = &text[..error.offset.min(text.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1) + 1;
    let place = if line == 1 {
        format!("at column {column}")
    } else {
        format!("at its line {line}, column {column}")
    };
    let remedy = match error.kind {
        SyntaxErrorKind::ByteOrderMark => "; remove the first three bytes of the file",
        SyntaxErrorKind::NotANumber => "; write null, or leave the member out",
        SyntaxErrorKind::InvalidUtf8 => "; convert the file to UTF-8",
        _ => "",
    };
    Problem::new("json", format!("{}, {place}{remedy}", error.kind))
}

/// What is wrong with a record that is refused only because of others: the same Item has been there before.
pub(crate) fn duplicate(batch: &Batch, record: Record, store_has_it: bool) -> Findings {
    let mut findings = refusal(batch, record, Problem::new("duplicate-id", String::new()));
    let mut tape = Tape::new();
    if let (Some(id), Ok(value)) = (&findings.id, tape.parse(record.of(batch)))
        && let Some(problem) = findings.problems.first_mut()
    {
        let collection = value.get("collection").and_then(Value::as_str);
        let within = collection.map_or_else(
            || format!("an Item without a collection has the id {id:?}"),
            |collection| format!("an Item of the collection {:?} has the id {id:?}", short(&collection)),
        );
        let before = if store_has_it { "in the store already" } else { "before this one" };
        "/id".clone_into(&mut problem.pointer);
        problem.message = format!("{within} {before}");
    }
    findings
}

/// What is wrong with a valid record that the store does not take.
pub(crate) fn refusal(batch: &Batch, record: Record, problem: Problem) -> Findings {
    let mut tape = Tape::new();
    let id = tape.parse(record.of(batch)).ok().and_then(id_of);
    Findings { kind: Some(ObjectKind::Item), id, problems: vec![problem], more: 0 }
}
