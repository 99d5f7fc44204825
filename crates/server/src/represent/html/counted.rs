//! What is counted: how many Items there are, and when. On a large store that takes a while, so that a script asks for it once the page is there,
//! and without one a link leads to it.

use maud::{Markup, html};

use super::words;
use crate::links::encoded;

/// Many digits, readable.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something, of which there is one word for one and its plural for others.
pub(super) fn numbered(number: u64, one: &str) -> String {
    format!("{} {one}{}", count(number), if number == 1 { "" } else { "s" })
}

/// The Items that answer, as what is counted of them is asked for.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    /// The URL of aggregations.
    pub(super) aggregate: String,
    /// The URL of a search for them.
    pub(super) search: String,
    /// The parameters that say which Items, each as a pair of the query, of both URLs.
    pub(super) given: Vec<(String, String)>,
    /// Those that say how a search shows them, such as its order.
    pub(super) shown: Vec<(String, String)>,
}

impl Counted {
    /// The URL of the search, to which a script adds conditions.
    fn search(&self) -> String {
        let shown: Vec<(&str, &str)> = self.shown.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.asked(&self.search, &shown)
    }

    fn asked(&self, url: &str, more: &[(&str, &str)]) -> String {
        let given = self.given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs: Vec<String> = given
            .chain(more.iter().copied())
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        if pairs.is_empty() { url.to_owned() } else { format!("{url}?{}", pairs.join("&")) }
    }

    /// A time line: how many Items when.
    pub(super) fn time_line(&self) -> Markup {
        let page =
            self.asked(&self.aggregate, &[("aggregations", "total_count,datetime_frequency"), ("f", "html")]);
        html! {
            section .card .timeline aria-labelledby="when" data-aggregate=(self.asked(&self.aggregate, &[])) data-search=(self.search()) {
                h2 #when { (words::WHEN) }
                div .chart { p { a href=(page) { (words::COUNT_BY_TIME) } } }
            }
        }
    }

    /// The values that properties have, and how often.
    pub(super) fn facets(&self, queryables: &str) -> Markup {
        html! {
            section .card .facets aria-labelledby="facets" data-queryables=(queryables) data-aggregate=(self.asked(&self.aggregate, &[]))
                data-search=(self.search())
            {
                h2 #facets { (words::FACETS) }
                div .chart { p { a href=(format!("{queryables}?f=html")) { (words::ALL_QUERYABLES) } } }
            }
        }
    }

    /// How many there are in all, where it was not counted in time.
    pub(super) fn total(&self) -> Markup {
        let page = self.asked(&self.aggregate, &[("aggregations", "total_count"), ("f", "html")]);
        html! { a .total href=(page) data-aggregate=(self.asked(&self.aggregate, &[])) { (words::COUNT_ALL) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_digits_have_commas() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn one_is_not_many() {
        let all = [0, 1, 1_000].map(|number| numbered(number, "Item"));
        assert_eq!(all, ["0 Items", "1 Item", "1,000 Items"]);
    }
}
