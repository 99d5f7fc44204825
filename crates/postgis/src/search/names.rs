//! Names that a search has and no Item: looked for in the rows, unless they are known to be there.

use stacyard_model::FieldType;
use stacyard_search::{Compiled, KnownNames, Property, Types};
use stacyard_store::{Error, Note, check_lists, check_properties};

use crate::search::searched::Searched;
use crate::sql::param::{Param, Question};
use crate::sql::value::Maker;

impl Searched {
    /// Fails if the search has a property that no Item has, or compares one with values of another type than any Item has.
    pub(super) async fn check_properties(&self, search: &Compiled) -> Result<(), Error> {
        let table = &self.table.name;
        let mut names = search.names();
        for (property, wanted) in search.wanted() {
            if let Some(field) = self.profile.as_ref().and_then(|profile| profile.field(property.key())) {
                search.declare(&field.name, &mut names);
                let declared = match field.kind {
                    FieldType::String | FieldType::Datetime => Types::STRING,
                    FieldType::Integer | FieldType::Number => Types::NUMBER,
                    FieldType::Boolean => Types::BOOL,
                };
                if wanted.is_empty() || wanted.meets(declared) {
                    search.declare_one(property, declared, &mut names);
                    continue;
                }
            }
            if let Some(declared) = self.declared.get(property.key())
                && (wanted.is_empty() || wanted.meets(*declared))
            {
                search.declare_one(property, *declared, &mut names);
                continue;
            }
            if let Some(types) = self.met.property(property.key(), *wanted) {
                search.declare_one(property, types, &mut names);
                continue;
            }
            // One that is there as it is wanted is found at once; only of another all rows are looked at.
            let wanted = if wanted.is_empty() { Types::VALUE.and(Types::NULL) } else { *wanted };
            let mut types = Types::NONE;
            let all = Types::NULL.and(Types::VALUE);
            for asked in [wanted, all] {
                if types.is_empty() {
                    types = self.type_among(search, property, asked).await?;
                }
            }
            if types == Types::NULL {
                types = types.and(self.type_among(search, property, Types::VALUE).await?);
            }
            if !types.is_empty() {
                self.met.note_property(property.key(), types);
                search.declare_one(property, types, &mut names);
            }
        }
        let query = format!("SELECT EXISTS (SELECT FROM {table})");
        if !names.lacks_types()
            || !self.rows(&Question::plain(query), search.stop()).await?.iter().any(|row| row.get(0))
        {
            return Ok(());
        }
        search.declare_all(&mut names, |_| Types::NONE);
        let query = format!(
            "SELECT DISTINCT jsonb_object_keys(properties) FROM \
             (SELECT {} AS properties FROM {table} LIMIT 10000) AS first",
            self.table.columns.properties
        );
        let mut known = KnownNames::default();
        for row in &self.rows(&Question::plain(query), search.stop()).await? {
            known.add(row.get(0));
        }
        check_properties(search, &names, || Ok(known))
    }

    /// The type of a value of a property that is of one of these, if a row has one.
    async fn type_among(&self, search: &Compiled, property: &Property, types: Types) -> Result<Types, Error> {
        let mut maker = Maker::new(Vec::new(), &self.table);
        let Some(value) = maker.property(property) else { return Ok(types) };
        let names: Vec<String> = types.names().map(|name| format!("'{name}'")).collect();
        let sql = format!(
            "SELECT jsonb_typeof({value}) FROM {} WHERE jsonb_typeof({value}) IN ({}) LIMIT 1",
            self.table.name,
            names.join(", ")
        );
        let rows = self.rows(&Question { sql, params: maker.into_params() }, search.stop()).await?;
        Ok(rows.first().map_or(Types::NONE, |row| Types::named(row.get(0))))
    }

    /// Once `found` Items answer: fails if no Item is of any of the collections of the search, unless it is lenient; gives
    /// warnings of what else is missing.
    pub(super) fn check_lists(&self, search: &Compiled, found: u64) -> Result<Vec<Note>, Error> {
        let request = search.request();
        let mut names = search.names();
        if found > 0 {
            search.observe_id(&mut names);
        }
        for name in request.collections.iter().filter(|name| self.met.has_collection(name)) {
            search.observe_collection(name, &mut names);
        }
        if !names.lacks_list() || (found > 0 && request.collections.len() < 2) {
            return Ok(Vec::new());
        }
        let table = &self.table.name;
        self.database.wait(async {
            let ids = Param::Texts(request.ids.clone());
            let sql = format!(
                "SELECT EXISTS (SELECT FROM {table}), EXISTS (SELECT FROM {table} WHERE id = ANY($1))"
            );
            let rows = self.rows(&Question { sql, params: vec![ids] }, search.stop()).await?;
            if rows.iter().any(|row| row.get(0)) {
                search.declare_all(&mut names, |_| Types::NONE);
            }
            if rows.iter().any(|row| row.get(1)) {
                search.observe_id(&mut names);
            }
            let collections = Param::Texts(request.collections.clone());
            let sql = format!(
                "SELECT name FROM unnest($1) AS name WHERE EXISTS (SELECT FROM {table} WHERE collection = name)"
            );
            for row in &self.rows(&Question { sql, params: vec![collections] }, search.stop()).await? {
                self.met.note_collection(row.get(0));
                search.observe_collection(row.get(0), &mut names);
            }
            let mut known = KnownNames::default();
            if search.missing_collections(&names).next().is_some() {
                let query = format!("{} LIMIT 4096", self.table.collections);
                for row in &self.rows(&Question::plain(query), search.stop()).await? {
                    known.add(row.get(0));
                }
            }
            check_lists(search, &names, || Ok(known))
        })
    }
}
