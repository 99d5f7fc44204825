//! Two stores compared: what of the one the other does not have exactly so, and what it has alone. In bounded memory, however many Items there are.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use stacyard_model::ObjectKind;
use stacyard_model::json::{Kind, Tape, Value, push_string};

use crate::check::{Key, Keyed, collection_of};
use crate::pipeline::ordered;
use crate::seen::{SEEN_MEMORY, Seen};
use crate::{Batch, Error, ItemKey, Run, Source};

/// A store, and another whose Items come one after the other. Keys are hashes of 128 bits, keyed anew in each run, of which no two are the same.
pub struct Comparison {
    keyed: Keyed,
    /// What the Items of the store say, each with its name; `None`: none was looked at.
    states: Option<Seen>,
    items: u64,
    /// How many Items of the other did not have to come, since they are known to be the same.
    same: u64,
    may_end_empty: bool,
    /// The names of those of the store that the other has not, if they are known before any comes.
    leaving: Option<Seen>,
    /// The names of those that have come.
    came: Mutex<Seen>,
    any_came: AtomicU64,
    /// How many records have come of which nobody knows what Items they are.
    nameless: AtomicU64,
    /// How many Items of the store were left out, since none of their names has come.
    gone: AtomicU64,
}

impl Comparison {
    fn new(may_end_empty: bool) -> Self {
        Self {
            keyed: Keyed::default(),
            states: None,
            items: 0,
            same: 0,
            may_end_empty,
            leaving: None,
            came: Mutex::new(Seen::new(SEEN_MEMORY)),
            any_came: AtomicU64::new(0),
            nameless: AtomicU64::new(0),
            gone: AtomicU64::new(0),
        }
    }

    /// Reads all of the store. Whether it `may_end_empty` where no Item comes.
    ///
    /// # Errors
    /// A store that cannot be read, temporary files that cannot be written.
    pub fn with(source: &mut dyn Source, may_end_empty: bool, run: &mut Run<'_>) -> Result<Self, Error> {
        let mut comparison = Self::new(may_end_empty);
        comparison.items = comparison.look_at(source, run)?;
        Ok(comparison)
    }

    /// Notes what Items of the store say; gives how many there are.
    ///
    /// # Errors
    /// As [`Comparison::with`].
    pub fn look_at(&mut self, source: &mut dyn Source, run: &mut Run<'_>) -> Result<u64, Error> {
        let (keyed, mut items) = (&self.keyed, 0);
        let states = self.states.get_or_insert_with(|| Seen::new(SEEN_MEMORY));
        each(
            source,
            run,
            |text, item| state(keyed, item, text),
            |some| {
                items += some.len() as u64;
                some.into_iter().try_for_each(|state| states.insert(state).map(|_| ()))
            },
        )?;
        Ok(items)
    }

    /// Notes what an Item of the store says.
    ///
    /// # Errors
    /// Temporary files that cannot be written.
    pub fn look_at_one(&mut self, item: Value<'_>) -> Result<(), Error> {
        let state = state(&self.keyed, item, &mut Vec::new());
        self.states.get_or_insert_with(|| Seen::new(SEEN_MEMORY)).insert(state).map(|_| ())
    }

    /// Where it is known which Items of the other are new or [changed](crate::Since): they alone are to come, and the names of the rest suffice. Whoever wants to
    /// know which of them say what the store says already has these [looked at](Self::look_at). `None`: the other has Items that neither the store has nor are
    /// among the changed, so that something else has happened than what was told.
    ///
    /// # Errors
    /// As [`Comparison::with`].
    pub fn of_changes(
        (mut store, mut other): (Box<dyn Source>, Box<dyn Source>),
        changed: &[ItemKey],
        may_end_empty: bool,
        run: &mut Run<'_>,
    ) -> Result<Option<Self>, Error> {
        let mut comparison = Self::new(may_end_empty);
        let (keyed, mut there) = (comparison.keyed.clone(), Seen::new(SEEN_MEMORY));
        each(
            store.as_mut(),
            run,
            |_, item| name(&keyed, item),
            |names| {
                comparison.items += names.len() as u64;
                names.into_iter().try_for_each(|name| there.insert(name).map(|_| ()))
            },
        )?;
        let named = |key: &ItemKey| keyed.of(&(key.collection.as_deref(), Some(key.id.as_str())));
        let changed: HashSet<Key> = changed.iter().map(named).collect();
        let mut here = Seen::new(SEEN_MEMORY);
        each(
            other.as_mut(),
            run,
            |_, item| name(&keyed, item),
            |names| names.into_iter().try_for_each(|name| here.insert(name).map(|_| ())),
        )?;
        comparison.any_came = AtomicU64::new(u64::from(!here.is_empty()));
        let mut there = there.into_sorted()?;
        let mut next = there.next().transpose()?;
        let mut leaving = Seen::new(SEEN_MEMORY);
        for name in here.into_sorted()? {
            let name = name?;
            while let Some(gone) = next.filter(|next| *next < name) {
                leaving.insert(gone)?;
                next = there.next().transpose()?;
            }
            let is_there = next == Some(name);
            if is_there {
                next = there.next().transpose()?;
            }
            if !changed.contains(&name) {
                if !is_there {
                    return Ok(None);
                }
                comparison.same += 1;
            }
        }
        for gone in next.into_iter().map(Ok).chain(there) {
            leaving.insert(gone?)?;
        }
        comparison.leaving = Some(leaving);
        Ok(Some(comparison))
    }

    /// Notes that an Item has come, valid or not; it is told by its name.
    pub(crate) fn comes(&self, item: Value<'_>) -> Result<(), Error> {
        if item.get("id").and_then(Value::as_str).is_none() {
            self.comes_nameless();
            return Ok(());
        }
        self.any_came.store(1, Ordering::Relaxed);
        self.came.lock().unwrap_or_else(PoisonError::into_inner).insert(name(&self.keyed, item))?;
        Ok(())
    }

    /// Notes that a record has come of which nobody knows what Item it is.
    pub(crate) fn comes_nameless(&self) {
        self.nameless.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the store has an Item of this name that says the same: the same members, in any order, with the same values; numbers are the same where
    /// they are written so.
    pub(crate) fn has(&self, item: Value<'_>) -> Result<bool, Error> {
        self.states
            .as_ref()
            .map_or(Ok(false), |states| states.contains(&state(&self.keyed, item, &mut Vec::new())))
    }

    /// Whether an Item of the store stays, once all have come: one of its name has come, or may have.
    pub(crate) fn stays(&self, item: Value<'_>) -> Result<bool, Error> {
        let name = name(&self.keyed, item);
        let may_leave = match &self.leaving {
            Some(leaving) => leaving.contains(&name)?,
            None => true,
        };
        let stays = self.keeps_all()
            || !may_leave
            || self.came.lock().unwrap_or_else(PoisonError::into_inner).contains(&name)?;
        if !stays {
            self.gone.fetch_add(1, Ordering::Relaxed);
        }
        Ok(stays)
    }

    /// Whether nothing goes, since of some records that have come nobody knows what Items they are.
    pub fn keeps_all(&self) -> bool {
        self.nameless.load(Ordering::Relaxed) > 0
    }

    /// Whether all Items of the store would go, since none has come, and may not.
    pub(crate) fn would_empty(&self) -> bool {
        !self.may_end_empty && self.items > 0 && self.any_came.load(Ordering::Relaxed) == 0
    }

    /// How many Items of the other did not have to come, since they are known to be the same.
    pub fn same(&self) -> u64 {
        self.same
    }

    /// How many Items of the store were left out.
    pub fn gone(&self) -> u64 {
        self.gone.load(Ordering::Relaxed)
    }

    /// Gives the names of the Items of the store that do not stay, some at a time. It suffices to read the [keys](crate::Store::keys).
    ///
    /// # Errors
    /// A store that cannot be read; those of `take`.
    pub fn leaving(
        &self,
        source: &mut dyn Source,
        run: &mut Run<'_>,
        mut take: impl FnMut(Vec<ItemKey>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.leaving.as_ref().is_some_and(Seen::is_empty) {
            return Ok(());
        }
        let read = |_: &mut Vec<u8>, item: Value<'_>| {
            let id = item.get("id").and_then(Value::as_str).unwrap_or_default().into_owned();
            let key = ItemKey { collection: collection_of(item).map(Cow::into_owned), id };
            self.stays(item).map(|stays| (!stays).then_some(key))
        };
        each(source, run, read, |keys| {
            let keys = keys.into_iter().filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
            if keys.is_empty() { Ok(()) } else { take(keys) }
        })
    }
}

/// Reads the Items of a store on all cores, and gives what was made of each, a batch at a time.
fn each<Made: Send>(
    source: &mut dyn Source,
    run: &mut Run<'_>,
    make: impl Fn(&mut Vec<u8>, Value<'_>) -> Made + Sync,
    mut take: impl FnMut(Vec<Made>) -> Result<(), Error>,
) -> Result<(), Error> {
    let name = source.name().to_owned();
    run.observer.begin(&name, source.size());
    let work = |(tape, text): &mut (Tape, Vec<u8>), batch: Batch| {
        let mut made = Vec::with_capacity(batch.records.len());
        for record in batch.records.iter().filter(|record| record.fault.is_none()) {
            let Ok(item) = tape.parse(record.of(&batch)) else { continue };
            if !matches!(ObjectKind::of(item), Some(ObjectKind::Collection | ObjectKind::Catalog)) {
                made.push(make(text, item));
            }
        }
        Ok(made)
    };
    ordered(
        source,
        run.threads,
        || (Tape::new(), Vec::new()),
        work,
        |made, _| {
            run.stop.check()?;
            take(made)?;
            Ok(ControlFlow::Continue(()))
        },
    )
}

/// Which Item it is.
fn name(keyed: &Keyed, item: Value<'_>) -> Key {
    keyed.of(&(collection_of(item), item.get("id").and_then(Value::as_str)))
}

/// Which Item it is, and what it says.
fn state(keyed: &Keyed, item: Value<'_>, text: &mut Vec<u8>) -> Key {
    text.clear();
    spell(item, text);
    keyed.of(text)
}

/// The text of a value, with the members of objects in the order of their names.
fn spell(value: Value<'_>, out: &mut Vec<u8>) {
    match value.kind() {
        Kind::Object => {
            let mut members: Vec<(Cow<'_, str>, Value<'_>)> =
                value.members().into_iter().flatten().map(|(key, member)| (key.text(), member)).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            out.push(b'{');
            for (key, member) in members {
                push_string(out, &key);
                out.push(b':');
                spell(member, out);
                out.push(b',');
            }
            out.push(b'}');
        }
        Kind::Array => {
            out.push(b'[');
            for element in value.elements().into_iter().flatten() {
                spell(element, out);
                out.push(b',');
            }
            out.push(b']');
        }
        Kind::String => push_string(out, &value.as_str().unwrap_or_default()),
        Kind::Number => spell_number(value.raw(), out),
        Kind::True | Kind::False | Kind::Null => out.extend_from_slice(value.raw().as_bytes()),
    }
}

/// The digits of a number and where its point stands, however it is written: stores write `1e-05` as `0.00001`. One with a fraction or an exponent is
/// another than one without, as `10` and `10.0` are for whoever reads them.
fn spell_number(raw: &str, out: &mut Vec<u8>) {
    let (digits, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    let zeros = all.len() - all.trim_end_matches('0').len();
    let shift =
        i64::try_from(zeros).ok().zip(i64::try_from(fraction.len()).ok()).map(|(zeros, after)| zeros - after);
    // The power of ten of the last of the significant digits.
    let power =
        exponent.parse::<i64>().ok().zip(shift).and_then(|(exponent, shift)| exponent.checked_add(shift));
    match power {
        _ if !raw.contains(['.', 'e', 'E']) => out.extend_from_slice(raw.as_bytes()),
        _ if significant.is_empty() => out.extend_from_slice(format!("{sign}.").as_bytes()),
        Some(power) => out.extend_from_slice(format!("{sign}{significant}.e{power}").as_bytes()),
        None => out.extend_from_slice(raw.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;
    use crate::{Place, Record, Work};

    fn spelt(text: &str) -> String {
        let mut out = Vec::new();
        spell(Document::parse_bytes(text.as_bytes()).unwrap().root(), &mut out);
        String::from_utf8(out).unwrap()
    }

    /// Items with these numbers as ids.
    struct Numbered(Option<Vec<u32>>);

    impl Source for Numbered {
        fn name(&self) -> &'static str {
            "numbered"
        }

        fn size(&self) -> Option<u64> {
            None
        }

        fn position(&self) -> u64 {
            0
        }

        fn next(&mut self) -> Result<Option<Work>, Error> {
            let Some(numbers) = self.0.take() else { return Ok(None) };
            let mut batch = Batch::default();
            for number in numbers {
                let start = u32::try_from(batch.text.len()).unwrap();
                batch.text.extend(format!(r#"{{"id":"{number}","collection":"c"}}"#).bytes());
                let end = u32::try_from(batch.text.len()).unwrap();
                batch.records.push(Record {
                    start,
                    end,
                    place: Place::Whole,
                    fault: None,
                    has_passed: false,
                });
            }
            Ok(Some(Box::new(|| Ok(batch))))
        }
    }

    #[test]
    fn what_has_changed_and_what_leaves() {
        let numbered = |numbers: Vec<u32>| Box::new(Numbered(Some(numbers)));
        let key = |number: u32| ItemKey::new("c", number.to_string());
        let item = |number: u32| Document::parse(format!(r#"{{"id":"{number}","collection":"c"}}"#)).unwrap();
        let mut run = Run::in_place();
        let compared = |there: Vec<u32>, here: Vec<u32>, changed: &[ItemKey], run: &mut Run<'_>| {
            Comparison::of_changes((numbered(there), numbered(here)), changed, false, run).unwrap()
        };
        // Hashes are in an order of their own, another one each time: each number is the first and the last of all now and then.
        for gone in (0..5).cycle().take(100) {
            let here = (0..5).rev().filter(|number| *number != gone).chain([100]).collect();
            let comparison = compared((0..5).collect(), here, &[key(3), key(100)], &mut run).unwrap();
            assert_eq!(comparison.same(), if gone == 3 { 4 } else { 3 });
            let mut leaving = Vec::new();
            comparison
                .leaving(numbered((0..5).collect()).as_mut(), &mut run, |keys| {
                    leaving.extend(keys);
                    Ok(())
                })
                .unwrap();
            assert_eq!(leaving, [key(gone)]);
            // One that comes after all stays.
            comparison.comes(item(gone).root()).unwrap();
            assert!(comparison.stays(item(gone).root()).unwrap());
        }
        assert!(compared(vec![1, 2], vec![1, 2, 3], &[key(1)], &mut run).is_none(), "nobody has told of 3");
        let same = compared(vec![2, 1], vec![1, 2], &[], &mut run).unwrap();
        let nothing = same.leaving(&mut Numbered(None), &mut run, |_| unreachable!("nothing leaves"));
        assert!(nothing.is_ok() && !same.would_empty());
        assert!(compared(vec![1], vec![], &[], &mut run).unwrap().would_empty());
    }

    #[test]
    fn the_order_of_members_and_the_spelling_of_texts_say_nothing() {
        let one = spelt(r#"{"a": [1, {"x":"\u00e9\/","y":null}], "b": 2.50}"#);
        assert_eq!(one, spelt(r#"{"b":2.50,"a":[1,{"y":null,"x":"é/"}]}"#));
        for same in ["2.5", "25e-1", "0.25E1", "2.500", "250.0e-2"] {
            assert_eq!(one, spelt(&format!(r#"{{"b":{same},"a":[1,{{"y":null,"x":"é/"}}]}}"#)), "{same}");
        }
        assert_eq!(
            [spelt("1e-05"), spelt("0.0"), spelt("-0.0")],
            [spelt("0.00001"), spelt("0e7"), spelt("-0e1")]
        );
        assert_ne!(spelt("100.0"), spelt("10.0"));
        for other in [
            r#"{"b":2.05,"a":[1,{"y":null,"x":"é/"}]}"#,
            r#"{"b":2.5,"a":[1.0,{"y":null,"x":"é/"}]}"#,
            r#"{"b":2.50,"a":[{"y":null,"x":"é/"},1]}"#,
            r#"{"b":2.50,"a":[1,{"x":"é/"}]}"#,
            r#"{"b":2.50,"a":[[1],{"y":null,"x":"é/"}]}"#,
        ] {
            assert_ne!(one, spelt(other), "{other}");
        }
    }
}
