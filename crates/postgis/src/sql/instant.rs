//! Texts that are instants, as SQL reads them where no function of ours is there.

/// RFC 3339, and what PostgreSQL takes without an error: days that there are, offsets below 16 hours, no year 0.
const RFC_3339: &str = r"^(?!0000)(\d{4}-((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-](0\d|1[0-5]):[0-5]\d)$";

/// A text as `timestamptz`, rounded to microseconds; NULL where it is no instant.
pub(crate) fn rounded(text: &str) -> String {
    format!("(CASE WHEN {text} ~ '{RFC_3339}' THEN ({text})::timestamptz END)")
}

/// A text as seconds since 1970, every digit; NULL where it is no instant. Among those that are rounded to the same microsecond this
/// says the order.
pub(crate) fn seconds(text: &str) -> String {
    // OFFSET 0: the text is made once, as it may lie far from the row.
    format!(
        "(SELECT CASE WHEN of ~ '{RFC_3339}' THEN extract(epoch FROM regexp_replace(of, '\\.\\d+', '')::timestamptz) \
         + coalesce(substring(of FROM '\\.\\d+'), '0')::numeric END FROM (SELECT {text} AS of OFFSET 0) AS text)"
    )
}
