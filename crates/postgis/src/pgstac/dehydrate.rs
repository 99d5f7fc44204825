//! Items without what the base of their collection says, as pgstac stores them: the same as its own functions
//! (`strip_jsonb`) and pypgstac (`dehydrate`) make, so that both put Items together again.

use stacyard_model::json::{Key, Kind, Value, push_pointer_token};
use stacyard_store::Problem;

use crate::copy::number::is_changed;
use crate::pgstac::bases::{ABSENT, BASE_ITEM, said};

/// What is left of an Item.
pub(crate) struct Content {
    /// A JSON object.
    pub(crate) json: Vec<u8>,
    /// Whether pgstac gives another Item back than this was: a null where the base has a value, a number that `jsonb` would change.
    pub(crate) says_less: bool,
}

/// Members that have columns, or are the same for all Items.
const COLUMNS: [&str; 4] = ["id", "geometry", "collection", "type"];

/// Takes what the base says out of an Item. `base_number` is what the Item is to name, where the base is not the first one.
///
/// # Errors
/// A value that no reader of pgstac would give back.
pub(crate) fn dehydrate(
    item: Value<'_>,
    base: Value<'_>,
    base_number: Option<i32>,
) -> Result<Content, Problem> {
    let mut maker =
        Maker { json: Vec::with_capacity(item.raw().len()), says_less: false, pointer: String::new() };
    let is_stored = |name: &str| !COLUMNS.contains(&name) && name != BASE_ITEM;
    maker.says_less |= item.get(BASE_ITEM).is_some();
    maker.object(item, base, is_stored)?;
    if let Some(number) = base_number {
        let is_empty = maker.json.len() == 2;
        maker.json.pop();
        let comma = if is_empty { "" } else { "," };
        maker.json.extend_from_slice(format!("{comma}\"{BASE_ITEM}\":{number}}}").as_bytes());
    }
    Ok(Content { json: maker.json, says_less: maker.says_less })
}

struct Maker {
    json: Vec<u8>,
    says_less: bool,
    /// Of the value that is written.
    pointer: String,
}

impl Maker {
    /// What an object says beyond that of a base, and what it lacks of it.
    fn object(
        &mut self,
        value: Value<'_>,
        base: Value<'_>,
        is_stored: impl Fn(&str) -> bool,
    ) -> Result<(), Problem> {
        let mut separator = b'{';
        for (key, member) in value.members().into_iter().flatten() {
            let name = key.text();
            if !is_stored(&name) {
                continue;
            }
            let of_base = said(base, &name);
            if of_base.is_some_and(|of_base| is_same(member, of_base)) {
                continue;
            }
            let length = self.pointer.len();
            push_pointer_token(&mut self.pointer, &name);
            self.key(separator, key)?;
            separator = b',';
            match of_base {
                None => self.plain(member)?,
                // Other readers leave it out, as they do with every null.
                Some(_) if member.is_null() => {
                    self.says_less = true;
                    self.absent();
                }
                Some(of_base) => self.beside(member, of_base)?,
            }
            self.pointer.truncate(length);
        }
        for (key, member) in base.members().into_iter().flatten() {
            let name = key.text();
            if is_stored(&name) && !member.is_null() && value.get(&name).is_none() {
                self.key(separator, key)?;
                separator = b',';
                self.absent();
            }
        }
        if separator == b'{' {
            self.json.push(b'{');
        }
        self.json.push(b'}');
        Ok(())
    }

    /// A value that is not that of the base.
    fn beside(&mut self, value: Value<'_>, base: Value<'_>) -> Result<(), Problem> {
        match (value.kind(), base.kind()) {
            (Kind::Object, Kind::Object) => self.object(value, base, |_| true),
            (Kind::Array, Kind::Array) if length(value) == length(base) => {
                self.json.push(b'[');
                let pairs = value.elements().into_iter().flatten().zip(base.elements().into_iter().flatten());
                for (index, (value, base)) in pairs.enumerate() {
                    if index > 0 {
                        self.json.push(b',');
                    }
                    let length = self.pointer.len();
                    push_pointer_token(&mut self.pointer, &index.to_string());
                    match (value.kind(), base.kind()) {
                        (Kind::Object, Kind::Object) => self.object(value, base, |_| true)?,
                        // pgstac and pypgstac put these together in two ways.
                        (Kind::Null, kind) if kind != Kind::Null => return Err(self.unsayable(value)),
                        (Kind::Array, Kind::Array) if !is_flat(value) || !is_flat(base) => {
                            return Err(self.unsayable(value));
                        }
                        _ => self.plain(value)?,
                    }
                    self.pointer.truncate(length);
                }
                self.json.push(b']');
                Ok(())
            }
            _ => self.plain(value),
        }
    }

    /// A value as it is.
    fn plain(&mut self, value: Value<'_>) -> Result<(), Problem> {
        self.check(value)?;
        value.write_compact(&mut self.json);
        Ok(())
    }

    fn key(&mut self, separator: u8, key: Key<'_>) -> Result<(), Problem> {
        self.check_text(&key.text())?;
        self.json.push(separator);
        key.write(&mut self.json);
        self.json.push(b':');
        Ok(())
    }

    fn absent(&mut self) {
        self.json.extend_from_slice(format!("\"{ABSENT}\"").as_bytes());
    }

    /// Notes what `jsonb` would change, and refuses what it has no room for.
    fn check(&mut self, value: Value<'_>) -> Result<(), Problem> {
        match value.kind() {
            Kind::String => self.check_text(&value.as_str().unwrap_or_default())?,
            Kind::Number => {
                self.says_less |= is_changed(value.raw());
                if !has_room(value.raw()) {
                    return Err(self.problem("jsonb has no room for this number"));
                }
            }
            Kind::Array => {
                for (index, element) in value.elements().into_iter().flatten().enumerate() {
                    self.check(element).map_err(|problem| self.within(&index.to_string(), problem))?;
                }
            }
            Kind::Object => {
                for (key, member) in value.members().into_iter().flatten() {
                    let name = key.text();
                    self.check_text(&name)
                        .and_then(|()| self.check(member))
                        .map_err(|problem| self.within(&name, problem))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What is wrong with a value within the one that is written: most have nothing, so that only then it is said where.
    fn within(&self, token: &str, problem: Problem) -> Problem {
        let mut pointer = self.pointer.clone();
        push_pointer_token(&mut pointer, token);
        pointer.push_str(&problem.pointer[self.pointer.len()..]);
        Problem { pointer, ..problem }
    }

    fn check_text(&self, text: &str) -> Result<(), Problem> {
        if text.contains('\0') {
            return Err(self.problem("PostgreSQL has no texts with U+0000"));
        }
        if text == ABSENT {
            return Err(self.problem("pgstac writes this text in the place of what an Item has not"));
        }
        Ok(())
    }

    fn problem(&self, message: &str) -> Problem {
        Problem { pointer: self.pointer.clone(), ..Problem::new("pgstac", message.to_owned()) }
    }

    fn unsayable(&self, value: Value<'_>) -> Problem {
        let message = "the Collection has an array of this length in item_assets, and pgstac has no way to say \
                       that the Item has a null or other objects within it";
        Problem { value: value.raw().chars().take(80).collect(), ..self.problem(message) }
    }
}

/// Whether both are one and the same value, to the spelling of numbers. The order of members is none of it.
fn is_same(one: Value<'_>, other: Value<'_>) -> bool {
    match (one.kind(), other.kind()) {
        (Kind::Object, Kind::Object) => {
            let count = |value: Value<'_>| value.members().into_iter().flatten().count();
            count(one) == count(other)
                && one
                    .members()
                    .into_iter()
                    .flatten()
                    .all(|(key, value)| other.get(&key.text()).is_some_and(|other| is_same(value, other)))
        }
        (Kind::Array, Kind::Array) => {
            length(one) == length(other)
                && one
                    .elements()
                    .into_iter()
                    .flatten()
                    .zip(other.elements().into_iter().flatten())
                    .all(|(one, other)| is_same(one, other))
        }
        (Kind::String, Kind::String) => one.as_str() == other.as_str(),
        _ => one.raw() == other.raw(),
    }
}

fn length(value: Value<'_>) -> usize {
    value.elements().into_iter().flatten().count()
}

/// Whether no element of an array is an object, an array or null.
fn is_flat(value: Value<'_>) -> bool {
    let mut elements = value.elements().into_iter().flatten();
    elements.all(|element| matches!(element.kind(), Kind::String | Kind::Number | Kind::True | Kind::False))
}

/// Whether `numeric` has room for a number: 131,072 digits before the point, 16,383 after it.
fn has_room(number: &str) -> bool {
    const MOST: usize = 16_000;
    let exponent =
        number.split_once(['e', 'E']).map_or(Some(0), |(_, exponent)| exponent.parse::<i32>().ok());
    number.len() <= MOST && exponent.is_some_and(|exponent| exponent.unsigned_abs() as usize <= MOST)
}
