//! One column of a profile: what PostgreSQL makes of a field.

use std::fmt::Write as _;

use stacyard_model::{Field, FieldType, Reference};
use stacyard_store::Error;
use tokio_postgres::Client;

use crate::connect::fault;
use crate::own::schema::step::Step;
use crate::sql::ident::{Ident, literal};
use crate::sql::jsonb;

/// A field with its column.
pub(super) struct Column<'p> {
    pub(super) field: &'p Field,
    pub(super) name: Ident,
    /// The collections of the profile.
    pub(super) collections: &'p [String],
}

impl Column<'_> {
    /// Whether both have the same name and the same values.
    pub(super) fn is_same_column(&self, other: &Self) -> bool {
        self.definition() == other.definition()
    }

    /// The property as `jsonb`.
    fn value(&self) -> String {
        format!("(properties -> {})", literal(&self.field.name))
    }

    pub(super) fn definition(&self) -> String {
        let value = self.value();
        let (data_type, generated) = match self.field.kind {
            FieldType::String => ("text COLLATE \"C\"", jsonb::text(&value)),
            FieldType::Number => ("numeric", jsonb::number(&value)),
            FieldType::Boolean => ("boolean", jsonb::boolean(&value)),
            FieldType::Integer => {
                let number = jsonb::number(&value);
                let whole = format!(
                    "CASE WHEN {number} = trunc({number}) AND {number} BETWEEN {} AND {} THEN ({number})::bigint END",
                    i64::MIN,
                    i64::MAX
                );
                ("bigint", whole)
            }
            FieldType::Datetime => ("timestamptz", format!("stacyard_timestamp({})", jsonb::text(&value))),
        };
        // A foreign key binds no Items that the profile does not speak of.
        let generated = match self.field.references.as_ref().and_then(|_| self.scope()) {
            Some(scope) => format!("CASE WHEN {scope} THEN {generated} END"),
            None => generated,
        };
        format!("{} {data_type} GENERATED ALWAYS AS ({generated}) STORED", self.name)
    }

    /// What the gate checks, for those who write rows without it.
    fn check(&self) -> String {
        let (name, value) = (&self.name, self.value());
        let mut parts = vec![if self.field.required {
            format!("{name} IS NOT NULL")
        } else {
            format!("(coalesce(jsonb_typeof({value}), 'null') = 'null' OR {name} IS NOT NULL)")
        }];
        parts.extend(self.field.minimum.as_ref().map(|least| format!("{name} >= {least}")));
        parts.extend(self.field.maximum.as_ref().map(|greatest| format!("{name} <= {greatest}")));
        if !self.field.values.is_empty() {
            let quoted =
                |text: &String| if self.field.kind.is_numeric() { text.clone() } else { literal(text) };
            let values: Vec<_> = self.field.values.iter().map(quoted).collect();
            parts.push(format!("{name} IN ({})", values.join(", ")));
        }
        let check = parts.join(" AND ");
        match self.scope() {
            Some(scope) => format!("NOT ({scope}) OR ({check})"),
            None => check,
        }
    }

    /// Whether the profile speaks of a row, if not of all.
    fn scope(&self) -> Option<String> {
        let names: Vec<_> = self.collections.iter().map(|name| literal(name)).collect();
        (!names.is_empty()).then(|| format!("collection IN ({})", names.join(", ")))
    }

    fn is_indexed(&self) -> bool {
        self.field.queryable || self.field.references.is_some()
    }

    fn comment(&self) -> String {
        let field = self.field;
        let mut text = format!("properties.{}", field.name);
        if let Some(description) = &field.description {
            let _ = write!(text, ": {description}");
        }
        if let Some(unit) = &field.unit {
            let _ = write!(text, " [{unit}]");
        }
        text
    }

    /// The constraints, the index and the comment, as far as they are not what they were.
    pub(super) async fn rules(
        &self,
        old: Option<&Self>,
        client: &Client,
        is_partitioned: bool,
    ) -> Result<Vec<Step>, Error> {
        let mut steps = Vec::from_iter(self.check_step(old)?);
        steps.extend(self.index_step(old)?);
        steps.extend(self.key_steps(old, client, is_partitioned).await?);
        if old.is_none_or(|old| old.comment() != self.comment()) {
            let sql = format!("COMMENT ON COLUMN items.{} IS {};", self.name, literal(&self.comment()));
            steps.push(self.step("comment set", sql));
        }
        Ok(steps)
    }

    fn step(&self, said: &str, sql: String) -> Step {
        Step { said: format!("column {}: {said}", self.name), sql }
    }

    /// The name of what belongs to the column.
    fn named(&self, end: &str) -> Result<Ident, Error> {
        Ident::any(&format!("items_{}{end}", self.name.name())).map_err(Error::failed)
    }

    fn check_step(&self, old: Option<&Self>) -> Result<Option<Step>, Error> {
        if old.is_some_and(|old| old.check() == self.check()) {
            return Ok(None);
        }
        let constraint = self.named("_profile")?;
        let dropped = old.map(|_| format!("DROP CONSTRAINT {constraint}, ")).unwrap_or_default();
        let sql = format!(
            "ALTER TABLE items {dropped}ADD CONSTRAINT {constraint} CHECK ({}) NOT VALID;\n\
             ALTER TABLE items VALIDATE CONSTRAINT {constraint};",
            self.check()
        );
        Ok(Some(self.step("values checked", sql)))
    }

    fn index_step(&self, old: Option<&Self>) -> Result<Option<Step>, Error> {
        let index = self.named("_idx")?;
        Ok(match (old.is_some_and(Self::is_indexed), self.is_indexed()) {
            (false, true) => {
                Some(self.step("index made", format!("CREATE INDEX {index} ON items ({});", self.name)))
            }
            (true, false) => Some(self.step("index dropped", format!("DROP INDEX {index};"))),
            _ => None,
        })
    }

    async fn key_steps(
        &self,
        old: Option<&Self>,
        client: &Client,
        is_partitioned: bool,
    ) -> Result<Vec<Step>, Error> {
        let was = old.and_then(|old| old.field.references.as_ref());
        let mut steps = Vec::new();
        if was == self.field.references.as_ref() {
            return Ok(steps);
        }
        let key = self.named("_fkey")?;
        if was.is_some() {
            steps.push(self.step("foreign key dropped", format!("ALTER TABLE items DROP CONSTRAINT {key};")));
        }
        if let Some(reference) = &self.field.references {
            let table = table(client, reference).await?;
            let column = Ident::any(&reference.column).map_err(|fault| {
                Error::usage(
                    format!("the column {:?} cannot be: {fault}", reference.column),
                    "see `references` in the profile",
                )
            })?;
            let (name, action) = (&self.name, reference.on_delete.name());
            let mut sql = format!(
                "ALTER TABLE items ADD CONSTRAINT {key} FOREIGN KEY ({name}) REFERENCES {table} ({column}) ON DELETE {}",
                action.to_uppercase()
            );
            // PostgreSQL checks keys of partitioned tables at once alone.
            let checked_later = format!(" NOT VALID;\nALTER TABLE items VALIDATE CONSTRAINT {key};");
            sql.push_str(if is_partitioned { ";" } else { &checked_later });
            steps.push(self.step(&format!("foreign key to {table} ({column}), on delete {action}"), sql));
        }
        Ok(steps)
    }
}

/// The table of a foreign key, found as the user's own session would.
async fn table(client: &Client, reference: &Reference) -> Result<String, Error> {
    let wrong =
        |fault: String| Error::usage(fault, "make the table first, or name it with its schema: schema.table");
    let parts = reference.table.split('.').map(Ident::any).collect::<Result<Vec<_>, _>>();
    let parts =
        parts.map_err(|fault| wrong(format!("the table {:?} cannot be: {fault}", reference.table)))?;
    let name = parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    let row = client
        .query_opt(
            "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.oid = to_regclass($1)",
            &[&name],
        )
        .await
        .map_err(|cause| fault::failed("look for the table of a foreign key", cause))?;
    let row = row.ok_or_else(|| {
        wrong(format!("there is no table {}, to which the profile refers", reference.table))
    })?;
    let part = |at: usize| Ident::any(row.get(at)).map_err(Error::failed);
    Ok(format!("{}.{}", part(0)?, part(1)?))
}
