//! Which locks a migration takes on what is there already, as far as its text tells (PostgreSQL documentation, "Explicit Locking").

use std::collections::BTreeSet;

/// How a statement begins that locks a relation, what stands between that and its name, and the lock.
const STATEMENTS: [(&str, &str); 9] = [
    ("ALTER TABLE", "ACCESS EXCLUSIVE"),
    ("DROP TABLE", "ACCESS EXCLUSIVE"),
    ("DROP VIEW", "ACCESS EXCLUSIVE"),
    ("DROP MATERIALIZED VIEW", "ACCESS EXCLUSIVE"),
    ("TRUNCATE", "ACCESS EXCLUSIVE"),
    ("DROP INDEX", "ACCESS EXCLUSIVE of its table, by"),
    ("LOCK TABLE", "as it says, of"),
    ("UPDATE", "ROW EXCLUSIVE"),
    ("DELETE FROM", "ROW EXCLUSIVE"),
];

/// Words between such a beginning and the name.
const BETWEEN: [&str; 4] = ["IF", "EXISTS", "ONLY", "NOT"];

/// The locks, each once. What stands in functions is not run, and counts for nothing.
pub(super) fn locks(sql: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for statement in statements(sql) {
        let upper = statement.to_ascii_uppercase();
        let known = STATEMENTS.iter().find(|(begin, _)| {
            upper.strip_prefix(begin).is_some_and(|rest| rest.starts_with(char::is_whitespace))
        });
        if let Some((begin, lock)) = known {
            let mut words = statement[begin.len()..].split_whitespace();
            let name = words.find(|word| !BETWEEN.contains(&word.to_ascii_uppercase().as_str()));
            let name = name.unwrap_or_default().trim_matches(|c| "\"';,".contains(c));
            found.insert(format!("{lock} {name}"));
        } else if let Some(table) = of_trigger_or_index(&statement, &upper) {
            found.insert(table);
        }
    }
    found.into_iter().collect()
}

/// `CREATE INDEX ... ON table`, `CREATE TRIGGER ... ON table`.
fn of_trigger_or_index(statement: &str, upper: &str) -> Option<String> {
    let lock = if upper.starts_with("CREATE TRIGGER") {
        "SHARE ROW EXCLUSIVE"
    } else if upper.starts_with("CREATE INDEX") || upper.starts_with("CREATE UNIQUE INDEX") {
        "SHARE"
    } else {
        return None;
    };
    let mut words = statement.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("ON")).skip(1);
    let table = words.find(|word| !word.eq_ignore_ascii_case("ONLY"))?;
    Some(format!("{lock} {}", table.split('(').next()?.trim_matches('"')))
}

/// The statements of a text: semicolons within quotes, dollar quotes and comments end none.
fn statements(sql: &str) -> Vec<String> {
    let (mut all, mut statement, mut rest) = (Vec::new(), String::new(), sql);
    while let Some(c) = rest.chars().next() {
        let quoted = match c {
            '-' if rest.starts_with("--") => Some((rest.find('\n').unwrap_or(rest.len()), false)),
            '/' if rest.starts_with("/*") => Some((rest.find("*/").map_or(rest.len(), |at| at + 2), false)),
            '\'' | '"' => Some((rest[1..].find(c).map_or(rest.len(), |at| at + 2), true)),
            '$' => dollar_quoted(rest).map(|end| (end, false)),
            _ => None,
        };
        let (end, is_kept) = quoted.unwrap_or((c.len_utf8(), c != ';'));
        if is_kept {
            statement.push_str(&rest[..end]);
        } else if quoted.is_none() {
            all.push(std::mem::take(&mut statement).trim().to_owned());
        }
        rest = &rest[end..];
    }
    all.push(statement.trim().to_owned());
    all
}

/// Where a text ends that begins with a dollar quote.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag = text[1..].find('$').map(|at| &text[..at + 2])?;
    let is_tag = tag[1..tag.len() - 1].chars().all(|c| c.is_alphanumeric() || c == '_');
    let after = tag.len();
    is_tag.then(|| text[after..].find(tag).map_or(text.len(), |at| after + at + after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_migration_locks_is_told() {
        let sql = "SET SEARCH_PATH TO pgstac; -- ALTER TABLE no;\n\
            CREATE FUNCTION f() AS $$ BEGIN DROP TABLE no; END $$ LANGUAGE plpgsql;\n\
            alter table only items add column a text DEFAULT 'x; DROP TABLE no';\n\
            DROP TABLE IF EXISTS \"old\" CASCADE;\n\
            CREATE UNIQUE INDEX i ON items (id); CREATE TRIGGER t AFTER INSERT ON ONLY items;\n\
            /* TRUNCATE no; */ UPDATE pgstac_settings SET a = 1; SELECT 1";
        let expected = [
            "ACCESS EXCLUSIVE items",
            "ACCESS EXCLUSIVE old",
            "ROW EXCLUSIVE pgstac_settings",
            "SHARE ROW EXCLUSIVE items",
            "SHARE items",
        ];
        assert_eq!(locks(sql), expected);
    }
}
