//! The whole answer, to take away: as which files, and about how large.

use maud::{Markup, html};

use super::parts::size;
use super::words;

/// A file of the whole answer.
pub(crate) struct Download {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    /// About how many bytes an Item takes, by those on the page; `None`: that cannot be told of a few.
    pub(crate) mean: Option<u64>,
    /// How many Items there are; `None`: that was not counted in time.
    pub(crate) items: Option<u64>,
}

/// The links to the files, and the form that chooses the columns of a CSV.
pub(super) fn downloads(all: &[Download], given: &[(String, String)], path: &str) -> Markup {
    html! {
        details .card #downloads {
            summary { (words::DOWNLOADS) }
            div .wide { table { tbody {
                @for one in all {
                    tr {
                        th scope="row" { a href=(one.url) download { (one.name) } }
                        td .dim { (about(one)) }
                    }
                }
            } } }
            form method="get" action=(path) {
                input type="hidden" name="f" value="csv";
                @for (name, value) in given.iter().filter(|(name, _)| !["f", "fields", "limit", "token"].contains(&name.as_str())) {
                    input type="hidden" name=(name) value=(value);
                }
                div .field {
                    label for="csv-fields" { (words::CSV_FIELDS) }
                    input #csv-fields name="fields" type="text" aria-describedby="csv-hint" placeholder="id,datetime,eo:cloud_cover";
                    p .note #csv-hint { (words::CSV_HINT) }
                }
                button .quiet type="submit" { (words::DOWNLOAD_CSV) }
            }
        }
    }
}

fn about(one: &Download) -> String {
    match (one.mean, one.items) {
        (Some(mean), Some(items)) => {
            format!("about {} (an estimate by the Items on this page)", size(mean.saturating_mul(items)))
        }
        (Some(mean), None) => {
            format!("about {} for each Item; how many there are is not counted yet", size(mean))
        }
        (None, _) => words::SIZE_OF_COLUMNS.to_owned(),
    }
}
