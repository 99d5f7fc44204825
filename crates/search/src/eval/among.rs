//! Long lists of constants, looked up: what `IN` means, however many values there are.

use std::cmp::Ordering;
use std::collections::HashSet;

use jiff::Timestamp;

use super::value::{Num, Val};
use crate::time::Span;

/// The values of an `IN`, apart by type: values of different types do not compare.
#[derive(Debug, Default)]
pub(crate) struct Among {
    texts: HashSet<String>,
    /// In order, each once.
    numbers: Vec<Num<'static>>,
    instants: HashSet<Timestamp>,
    bools: HashSet<bool>,
    /// Null, arrays and the like, which equal nothing.
    has_others: bool,
}

impl Among {
    pub(crate) fn of(values: impl IntoIterator<Item = Val<'static>>) -> Self {
        let mut among = Self::default();
        for value in values {
            match value {
                Val::Text(text) => _ = among.texts.insert(text.into_owned()),
                Val::Number(number) => among.numbers.push(number),
                Val::Time(span) => _ = among.instants.insert(span.low),
                Val::Bool(known) => _ = among.bools.insert(known),
                Val::Null | Val::Array(_) | Val::Other => among.has_others = true,
            }
        }
        among.numbers.sort_unstable_by(order);
        among.numbers.dedup_by(|a, b| order(a, b).is_eq());
        among
    }

    /// Whether a value is one of them; unknown where it is none, and one of them does not compare with it.
    pub(crate) fn has(&self, value: &Val<'_>) -> Option<bool> {
        let no_others = !self.has_others;
        let (no_texts, no_numbers) = (self.texts.is_empty(), self.numbers.is_empty());
        let (no_instants, no_bools) = (self.instants.is_empty(), self.bools.is_empty());
        let (is_in, all_compare) = match value {
            Val::Text(text) if no_instants => (self.texts.contains(text.as_ref()), no_numbers && no_bools),
            // Beside an instant a text is read as one.
            Val::Text(text) => {
                let span = Span::parse(text);
                let is_in = self.texts.contains(text.as_ref())
                    || span.is_some_and(|span| self.instants.contains(&span.low));
                (is_in, no_numbers && no_bools && span.is_some())
            }
            Val::Number(number) => (
                self.numbers.binary_search_by(|one| order(one, number)).is_ok(),
                no_texts && no_instants && no_bools,
            ),
            Val::Bool(known) => (self.bools.contains(known), no_texts && no_numbers && no_instants),
            Val::Null | Val::Time(_) | Val::Array(_) | Val::Other => (false, false),
        };
        if is_in { Some(true) } else { (all_compare && no_others).then_some(false) }
    }
}

/// By value, every digit.
fn order(a: &Num<'_>, b: &Num<'_>) -> Ordering {
    // Numbers that are none do not occur: both have been parsed.
    a.compare(b).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cql2::CompareOp;

    /// `a IN (b, c)` is `a = b OR a = c`, with Kleene's or.
    fn one_by_one(value: &Val<'_>, list: &[Val<'static>]) -> Option<bool> {
        let each: Vec<_> = list.iter().map(|one| value.compare(CompareOp::Equal, one)).collect();
        if each.contains(&Some(true)) { Some(true) } else { (!each.contains(&None)).then_some(false) }
    }

    #[test]
    fn a_list_that_is_looked_up_says_what_its_values_say_one_by_one() {
        let number = |text: &'static str| Val::Number(Num::new(text.into()));
        let instant = |text: &str| Val::Time(Span::parse(text).unwrap());
        let values = [
            Val::Null,
            Val::Bool(true),
            Val::Bool(false),
            number("1"),
            number("1.0"),
            number("-0.0"),
            number("9007199254740993"),
            number("9007199254740992.0"),
            number("1e400"),
            Val::Text("1".into()),
            Val::Text("a".into()),
            Val::Text("2024-06-01T02:00:00+02:00".into()),
            Val::Text("2024-06-01".into()),
            instant("2024-06-01T00:00:00Z"),
            instant("2024-06-02"),
            Val::Array(vec![number("1")]),
            Val::Other,
        ];
        // Every value beside every list of one or two values.
        for a in 0..values.len() {
            for b in 0..=values.len() {
                let list: Vec<Val<'static>> =
                    values.get(a).into_iter().chain(values.get(b)).cloned().collect();
                let among = Among::of(list.clone());
                for value in values.iter().filter(|value| !matches!(value, Val::Time(_))) {
                    assert_eq!(among.has(value), one_by_one(value, &list), "{value:?} in {list:?}");
                }
            }
        }
    }
}
