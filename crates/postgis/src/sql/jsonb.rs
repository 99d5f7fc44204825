//! Values of `jsonb` as values of SQL: NULL where they are of another type, so that no cast ever fails. Filters, orders and
//! the columns of profiles have to agree in this.

/// A number, exactly.
pub(crate) fn number(value: &str) -> String {
    format!("CASE jsonb_typeof({value}) WHEN 'number' THEN ({value})::numeric END")
}

/// True or false.
pub(crate) fn boolean(value: &str) -> String {
    format!("CASE jsonb_typeof({value}) WHEN 'boolean' THEN ({value})::boolean END")
}

/// A string, which compares by code point.
pub(crate) fn text(value: &str) -> String {
    format!("(CASE jsonb_typeof({value}) WHEN 'string' THEN {value} #>> '{{}}' END COLLATE \"C\")")
}
