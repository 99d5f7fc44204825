//! One change: what is there is read, looked at and replaced on the condition that it is still there. Where somebody else was faster it
//! begins anew, so that no change is lost, and a condition of the client is looked at again.

use axum::http::StatusCode;
use stacyard_model::json::{Document, Value};
use stacyard_search::Stop;
use stacyard_store::{Put, RECORD_BYTES, Stored, When};

use super::body::Change;
use super::conditions::Conditions;
use super::failure::Failure;
use super::merge::merge;
use super::node::Node;
use super::patch::apply;
use super::target::Target;
use crate::ask::parsed;
use crate::problem::Problem;

/// So often a change is tried while others are faster.
const TRIES: usize = 10;

/// Makes what is not there.
pub(crate) fn create(target: &Target, sent: Value<'_>) -> Result<Put, Failure> {
    target.put(&target.stored(sent, None)?, When::Absent)
}

/// Puts what is sent into the place of what is there, or makes it where the client says that nothing is there (`If-None-Match: *`).
pub(crate) fn replace(
    target: &Target,
    sent: Value<'_>,
    conditions: &Conditions,
    stop: &Stop,
) -> Result<Put, Failure> {
    put(target, conditions, conditions.is_creation(), stop, |before| Ok(target.stored(sent, before)?))
}

/// The same, whether something is there or not.
pub(super) fn upsert(target: &Target, sent: Value<'_>, stop: &Stop) -> Result<Put, Failure> {
    put(target, &Conditions::default(), true, stop, |before| Ok(target.stored(sent, before)?))
}

/// Applies a patch to what a GET shows. No more than `room` bytes are added.
pub(crate) fn patch(
    target: &Target,
    change: &Change,
    conditions: &Conditions,
    room: usize,
    stop: &Stop,
) -> Result<Put, Failure> {
    put(target, conditions, false, stop, |before| {
        let Some(before) = before else { return Err(target.not_there().into()) };
        let shown = parsed(&target.shown(before)?)?;
        let mut node = Node::Read(shown.root());
        match change {
            Change::Merge(change) => merge(&mut node, change.root(), stop)?,
            Change::Operations(change) => apply(&mut node, change.root(), room, stop)?,
        }
        let text = node.text();
        // What is larger no store reads again.
        if text.len() > RECORD_BYTES {
            let detail = format!("what the patch makes has more than {RECORD_BYTES} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into());
        }
        let patched = Document::parse_bytes(&text)
            .map_err(|fault| Problem::bad(format!("what the patch makes is not JSON: {fault}")))?;
        Ok(target.stored(patched.root(), Some(before))?)
    })
}

fn put(
    target: &Target,
    conditions: &Conditions,
    may_create: bool,
    stop: &Stop,
    text: impl Fn(Option<&Stored>) -> Result<Vec<u8>, Failure>,
) -> Result<Put, Failure> {
    let mut tries = 0;
    loop {
        stop.check()?;
        let there = target.there(stop)?;
        let when = match &there {
            None if may_create => When::Absent,
            None => return Err(target.not_there().into()),
            Some(stored) => {
                conditions.check(stored.etag)?;
                When::Matches(stored.etag)
            }
        };
        tries += 1;
        match target.put(&text(there.as_ref())?, when) {
            Err(failure) if was_faster(&failure) && tries < TRIES => {}
            done => return done,
        }
    }
}

/// Takes what is there away.
pub(crate) fn delete(target: &Target, conditions: &Conditions, stop: &Stop) -> Result<(), Failure> {
    let mut tries = 0;
    loop {
        stop.check()?;
        let there = target.there(stop)?.ok_or_else(|| target.not_there())?;
        conditions.check(there.etag)?;
        tries += 1;
        match target.delete(there.etag) {
            Err(failure)
                if was_faster(&failure)
                    && tries < TRIES
                    // Else there is another reason, such as Items of the Collection.
                    && target.there(stop)?.is_none_or(|now| now.etag != there.etag) => {}
            done => return done,
        }
    }
}

/// Whether somebody else has changed what was read.
fn was_faster(failure: &Failure) -> bool {
    let states = [StatusCode::NOT_FOUND, StatusCode::CONFLICT];
    matches!(failure, Failure::Theirs(problem) if states.contains(&problem.status()) && !problem.is_no_collection())
}
