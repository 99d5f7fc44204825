//! What is said of a transfer, and the errors of one that must not be made.

use crate::report::{Located, Reject, Report};
use crate::transfer::asked::Transfer;
use crate::{Error, ErrorKind, Note, Remedy};

impl Transfer<'_> {
    /// The error of so many Collections without an Item: a file of Items without any is no store of Collections.
    pub fn only_collections(number: usize) -> Error {
        let them = if number == 1 { "1 Collection".to_owned() } else { format!("{number} Collections") };
        Error::usage(
            format!("the input has {them} and no Item, and a file of Items needs some"),
            Remedy::from("copy Items with ").option(("collections-file", "FILE")).also(
                Remedy::from("into a .parquet file that is there: ")
                    .command("collections", &["STORE", "put", "FILE"]),
            ),
        )
    }

    /// The error of records that would be set aside and be gone for good.
    pub fn would_lose(records: u64) -> Error {
        let records = count_of(records);
        Error::failed(format!(
            "{records} that cannot stay (not valid, or there twice) would be gone for good"
        ))
        .remedy("nothing was replaced")
        .also(Remedy::setting(("rejects", "FILE")).text(" keeps what is set aside, with the reasons"))
    }
}

/// What is said of Items that the store has, of which none is wanted twice.
pub(super) fn there_already(items: u64, is_gradual: bool) -> Note {
    let they = if items == 1 {
        "1 Item was rejected: it is".to_owned()
    } else {
        format!("{items} Items were rejected: they are")
    };
    let modes = Remedy::setting(("mode", "ignore")).text(" leaves such Items out, ");
    let modes = modes.option(("mode", "upsert")).text(" puts them in the place of the old ones");
    let resume = Remedy::setting("resume").text(" goes on with a load that was broken off");
    Note {
        message: format!("{they} in the store already"),
        help: if is_gradual { modes.also(resume) } else { modes },
    }
}

/// A wrong input must not empty a store.
pub(super) fn replaced_by_nothing(report: &Report) -> Error {
    let (cause, remedy) = if report.rejected > 0 {
        let cause = match report.rejected {
            1 => "the 1 record is not valid".to_owned(),
            records => format!("none of the {records} records is valid"),
        };
        let remedy = Remedy::call("validate", &[]).text(" says what is wrong with the input");
        (cause, remedy)
    } else if report.filtered > 0 {
        let message = "no Item of the input answers the search, and nothing would be left in the target";
        (message.to_owned(), "check the search flags".into())
    } else {
        let message = "there is no Item in the input, and nothing would be left in the target";
        (message.to_owned(), "check the input".into())
    };
    Error::failed(cause)
        .remedy("nothing was replaced")
        .also(remedy)
        .also(Remedy::setting("allow-empty").text(" empties the target"))
}

fn count_of(records: u64) -> String {
    if records == 1 { "the 1 record".to_owned() } else { format!("the {records} records") }
}

/// Old content that cannot be taken over.
pub(super) fn unsound(reject: &Reject<'_>) -> Error {
    let problem = reject.findings.problems.first().map(ToString::to_string).unwrap_or_default();
    let is_of_profile = reject.findings.problems.iter().any(|problem| problem.rule.starts_with("profile-"));
    let profile = is_of_profile.then(|| ("profile", "FILE").into());
    let options = [("rejects", "REJECTS").into()].into_iter().chain(profile).collect();
    let message =
        format!("{}: the store's own Item is not valid: {problem}", Located(reject.source, reject.place));
    Error::new(ErrorKind::Damaged, &message).remedy(
        Remedy::from("copy what is valid to a new file first: ").command_with(
            "copy",
            &[reject.source, "NEW"],
            options,
        ),
    )
}
