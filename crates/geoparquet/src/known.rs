//! Which names of a search the Items of a file have: by the schema, and where that has not all of them, by the residual,
//! and by what columns of maps and geometries hold.

use std::slice::from_ref;

use arrow_schema::{DataType, FieldRef, Fields};
use stacyard_model::json::Tape;
use stacyard_search::{Compiled, Place, Property};
use stacyard_store::Error;

use crate::decode::{Items, Scope};
use crate::store::Inner;

/// A name of the search that no Item has.
pub(crate) fn unknown(file: &Inner, search: &Compiled) -> Result<Option<Property>, Error> {
    let mut names = search.names();
    if file.table.metadata.file_metadata().num_rows() == 0 || names.all_seen() {
        return Ok(None);
    }
    let is_property = |field: &&FieldRef| file.footer.is_property(field.name());
    let properties: Fields = file.table.fields.iter().filter(is_property).cloned().collect();
    search.declare_all(&mut names, |property| {
        property.place() != Place::Properties || leads_somewhere(&properties, property.key())
    });
    for field in file.footer.profile.iter().flat_map(|profile| profile.fields()) {
        search.declare(&field.name, &mut names);
    }
    let residual = file.footer.names.conventions.residual.iter();
    let open = properties.iter().filter(|field| is_open(field.data_type())).map(|field| field.name());
    let telling: Vec<&String> = residual.chain(open).collect();
    if !names.all_seen() && !telling.is_empty() {
        let columns = file.table.columns(|path| path.first().is_some_and(|root| telling.contains(&root)));
        let (mut tape, mut text) = (Tape::new(), Vec::new());
        for group in 0..file.table.metadata.num_row_groups() {
            let rows = 0..file.table.rows(group);
            let batches = file.table.read(group, &columns, from_ref(&rows), (8_192, 1));
            for batch in batches.map_err(|cause| file.damaged(&cause))? {
                let batch = batch.map_err(|cause| file.damaged(&cause))?;
                search.check_time()?;
                let mut items = Items::new(&batch, &file.footer.names, Scope::Some)
                    .map_err(|cause| file.unreadable(cause))?;
                for row in 0..batch.num_rows() {
                    text.clear();
                    items.write(row, &mut text).map_err(|cause| file.unreadable(cause))?;
                    let item = tape.parse(&text).map_err(|cause| file.unreadable(cause))?;
                    search.observe(item, &mut names);
                }
            }
        }
    }
    let unknown = search.unknown(&names).next().cloned();
    Ok(unknown)
}

/// Whether names within its values are not in the schema: the keys of a map, the members of a geometry.
fn is_open(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(..) | DataType::Binary => true,
        DataType::Struct(fields) => fields.iter().any(|field| is_open(field.data_type())),
        _ => false,
    }
}

/// Whether a name, with dots or nested at them, is that of a column.
fn leads_somewhere(fields: &Fields, name: &str) -> bool {
    fields.iter().any(|field| match name.strip_prefix(field.name().as_str()) {
        Some("") => true,
        Some(rest) => match (rest.strip_prefix('.'), field.data_type()) {
            (Some(rest), DataType::Struct(fields)) => leads_somewhere(fields, rest),
            _ => false,
        },
        None => false,
    })
}
