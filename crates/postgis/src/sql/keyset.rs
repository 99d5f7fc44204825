//! The rows after a place in an order, as conditions of SQL: a page begins where the one before has ended, by an index where there is
//! one, and reads nothing of what lies before.

/// How well SQL knows a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Of each row whether it is after it.
    Exactly,
    /// Of some rows only that they may be: whoever reads them has to look.
    Nearly,
}

/// One of the expressions that rows are sorted by, and its value at a place.
pub(crate) struct Part {
    pub(crate) sql: String,
    /// `None`: it is NULL there.
    pub(crate) value: Option<String>,
    pub(crate) can_be_null: bool,
    pub(crate) descending: bool,
}

impl Part {
    fn same(&self) -> String {
        match &self.value {
            Some(value) => format!("{} = {value}", self.sql),
            None => format!("{} IS NULL", self.sql),
        }
    }

    /// NULL is the last value, and the first one where it is descending. `None`: nothing is later.
    fn later(&self) -> Option<String> {
        let Self { sql, descending, .. } = self;
        match &self.value {
            Some(value) if *descending => Some(format!("{sql} < {value}")),
            Some(value) if self.can_be_null => Some(format!("({sql} > {value} OR {sql} IS NULL)")),
            Some(value) => Some(format!("{sql} > {value}")),
            None => descending.then(|| format!("{sql} IS NOT NULL")),
        }
    }
}

/// The rows after a place.
pub(crate) struct After {
    /// Conditions, no two of which a row meets, one after the other in the order. An index can answer each, but not all as one.
    pub(crate) parts: Vec<String>,
    /// Whether rows that meet one of them are after the place, and no others.
    pub(crate) known: Known,
}

impl After {
    /// All rows.
    pub(crate) fn all() -> Self {
        Self { parts: vec!["true".to_owned()], known: Known::Exactly }
    }

    /// Those after a place in an order by these.
    pub(crate) fn of(order: &[Part], known: Known) -> Self {
        let Some((first, rest)) = order.split_first() else { return Self { known, ..Self::all() } };
        let (sql, rest) = (&first.sql, among_same(rest, known));
        let parts = match (&first.value, first.descending) {
            (Some(value), descending) => {
                let (from, beyond) = if descending { ("<=", "<") } else { (">=", ">") };
                let values = match rest.as_deref() {
                    None => format!("{sql} {beyond} {value}"),
                    Some("true") => format!("{sql} {from} {value}"),
                    // The first says to an index where to begin.
                    Some(rest) => {
                        let same = first.same();
                        format!("{sql} {from} {value} AND ({sql} {beyond} {value} OR ({same} AND {rest}))")
                    }
                };
                let nulls = (first.can_be_null && !descending).then(|| format!("{sql} IS NULL"));
                [Some(values), nulls].into_iter().flatten().collect()
            }
            (None, descending) => {
                let nulls = rest.map(|rest| format!("{sql} IS NULL AND {rest}"));
                let values = descending.then(|| format!("{sql} IS NOT NULL"));
                [nulls, values].into_iter().flatten().collect()
            }
        };
        Self { parts, known }
    }

    /// The same of the order that a search has which asks for none. Its index has all of it, so that not even Items of the same time are
    /// read again.
    pub(crate) fn newest(order: &[Part]) -> Option<Self> {
        let [start, loose, collection, id] = order else { return None };
        let same = start.same();
        let (is_loose, collection, id) =
            (&loose.sql, (&collection.sql, collection.value.as_ref()?), (&id.sql, id.value.as_ref()?));
        let mut parts = if loose.value.as_deref() == Some("true") {
            vec![format!("{same} AND {is_loose} IS TRUE AND {} = '' AND {} > {}", collection.0, id.0, id.1)]
        } else {
            // In the order of its index: by collection and id alone the planner would take the primary key, and read all rows after them.
            let place = format!("(false, {}, {})", collection.1, id.1);
            vec![format!("{same} AND ({is_loose}, {}, {}) > {place}", collection.0, id.0)]
        };
        parts.extend(start.later());
        Some(Self { parts, known: Known::Exactly })
    }
}

/// Which rows are after the place among those that have its values so far; `None`: none.
fn among_same(order: &[Part], known: Known) -> Option<String> {
    let Some((first, rest)) = order.split_first() else {
        return (known == Known::Nearly).then(|| "true".to_owned());
    };
    let (same, rest) = (first.same(), among_same(rest, known));
    match (first.later(), rest) {
        (later, None) => later,
        (None, Some(rest)) => Some(format!("({same} AND {rest})")),
        (Some(later), Some(rest)) => Some(format!("({later} OR ({same} AND {rest}))")),
    }
}
