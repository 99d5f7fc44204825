//! What of a search the Items of some files have: names and types of values by the schema, and where that does not say all by the
//! residual and by what columns of maps and geometries hold; collections by their column.

use std::slice::from_ref;
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, Fields};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use stacyard_model::json::{Tape, Value};
use stacyard_search::{Compiled, KnownNames, Names, Place, Query, Search, Types};
use stacyard_store::{Error, Note, check_lists, check_properties};

use crate::format::scope::Scope;
use crate::read::decode::Items;
use crate::read::opened::Opened;
use crate::read::table::Columns;
use crate::search::condition::Maker;

/// Fails if the search has a property that no Item of the files has, or compares one with values of another type than any has.
pub(crate) fn properties(files: &[Arc<Opened>], search: &Compiled) -> Result<(), Error> {
    let files = with_rows(files);
    let mut names = search.names();
    if files.is_empty() || search.wanted().is_empty() {
        return Ok(());
    }
    // What the schemas of other files say may be all: values are only read where it is not.
    for file in &files {
        declare(file, search, &mut names, types_at);
    }
    if files.len() > 1 && !names.lacks_types() {
        // Where columns of a name are of several types, only those count that have values.
        let mut sure = search.names();
        for file in &files {
            declare(file, search, &mut sure, |fields, name| {
                if is_null(file, name) { Types::NULL } else { types_at(fields, name) }
            });
        }
        names = sure;
    } else {
        read_more(&files, search, &mut names)?;
    }
    if search.mismatched(&names).next().is_some() {
        // The type of a column says nothing where all is null in it, or NaN: then the values decide.
        let suspects: Vec<&str> = search.mismatched(&names).map(|suspect| suspect.property.key()).collect();
        let leads = |root: &str, key: &str| {
            key.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let is_suspect = |root: &str| suspects.iter().any(|key| leads(root, key));
        let mut seen = search.names();
        for file in &files {
            let residual = file.footer.names.conventions.residual.as_ref();
            let columns = file
                .table
                .columns(|path| path.first().is_some_and(|root| is_suspect(root) || Some(root) == residual));
            for group in 0..file.table.metadata.num_row_groups() {
                each_item(file, search, group, &columns, |item| search.observe(item, &mut seen))?;
            }
        }
        names.correct(&seen);
    }
    check_properties(search, &names, || {
        let mut known = KnownNames::default();
        for file in &files {
            file.table.fields.iter().for_each(|field| known.add(field.name()));
            file.footer.names.given.iter().for_each(|given| known.add(&given.name));
        }
        Ok(known)
    })
}

/// Whether the columns of a table alone say that the names of a search are known, and of types that it can be asked for.
pub(crate) fn are_known(table: &Opened, search: &Compiled) -> bool {
    let mut names = search.names();
    if search.wanted().is_empty() {
        return true;
    }
    declare(table, search, &mut names, types_at);
    !names.lacks_types() && search.mismatched(&names).next().is_none()
}

/// Looks for names that are in no schema: in the residual, and in columns of maps and geometries.
fn read_more(files: &[&Opened], search: &Compiled, names: &mut Names) -> Result<(), Error> {
    for file in files.iter().filter(|file| !tells_more(file).is_empty()) {
        if !names.lacks_types() {
            break;
        }
        let telling = tells_more(file);
        let columns = file.table.columns(|path| path.first().is_some_and(|root| telling.contains(&root)));
        for group in 0..file.table.metadata.num_row_groups() {
            each_item(file, search, group, &columns, |item| search.observe(item, names))?;
        }
    }
    Ok(())
}

/// Whether all of a column, with dots or nested at them, is null, by the statistics.
fn is_null(file: &Opened, name: &str) -> bool {
    let is_of =
        |path: String| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let groups = file.table.metadata.row_groups().iter();
    let mut chunks = groups.flat_map(RowGroupMetaData::columns);
    chunks.all(|chunk| {
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
        nulls == Some(chunk.num_values().cast_unsigned()) || !is_of(chunk.column_path().parts().join("."))
    })
}

fn with_rows(files: &[Arc<Opened>]) -> Vec<&Opened> {
    files.iter().map(AsRef::as_ref).filter(|file| file.rows() > 0).collect()
}

fn properties_of(file: &Opened) -> Fields {
    let is_property = |field: &&FieldRef| file.footer.is_property(field.name());
    file.table.fields.iter().filter(is_property).cloned().collect()
}

/// Notes what the schema of a file says of the names.
fn declare(file: &Opened, search: &Compiled, names: &mut Names, types_at: impl Fn(&Fields, &str) -> Types) {
    let properties = properties_of(file);
    search.declare_all(names, |property| match property.place() {
        Place::Properties if file.footer.names.given(property.key()).is_some() => Types::STRING,
        Place::Properties => types_at(&properties, property.key()),
        _ => Types::NULL.and(Types::VALUE),
    });
    for field in file.footer.profile.iter().flat_map(|profile| profile.fields()) {
        search.declare(&field.name, names);
    }
}

/// The columns of a file with names in them that are not in its schema.
fn tells_more(file: &Opened) -> Vec<&String> {
    let residual = file.footer.names.conventions.residual.iter();
    let is_open = |field: &&FieldRef| file.footer.is_property(field.name()) && is_open(field.data_type());
    residual.chain(file.table.fields.iter().filter(is_open).map(|field| field.name())).collect()
}

/// Once `found` Items answer: fails if no Item is of any of the collections of the search, unless it is lenient; gives
/// warnings of what else is missing. `any`: whether an Item answers a search.
/// `also`: collections of Items of other files.
pub(crate) fn lists(
    files: &[Arc<Opened>],
    also: &[&str],
    search: &Compiled,
    found: u64,
    any: impl FnOnce(Arc<Compiled>) -> Result<bool, Error>,
) -> Result<Vec<Note>, Error> {
    let files = with_rows(files);
    let request = search.request();
    let mut names = search.names();
    search.declare_all(&mut names, |_| Types::NONE);
    if files.is_empty() && also.is_empty() || !names.lacks_list() {
        return Ok(Vec::new());
    }
    for name in also {
        search.observe_collection(name, &mut names);
    }
    let ids = Search { ids: request.ids.clone(), ..Search::default() };
    let ids = || Ok::<_, Error>(Arc::new(Compiled::until(&Query::from(ids), search.stop())?));
    if found > 0 || (!request.ids.is_empty() && any(ids()?)?) {
        search.observe_id(&mut names);
    }
    if found > 0 && request.collections.len() == 1 {
        search.observe_collection(&request.collections[0], &mut names);
    }
    for file in &files {
        let maker = Maker { table: &file.table, footer: &file.footer };
        for group in 0..file.table.metadata.num_row_groups() {
            let missing: Vec<String> = search.missing_collections(&names).map(str::to_owned).collect();
            if missing.is_empty() {
                break;
            }
            let wanted = maker.conditions(&Search { collections: missing, ..Search::default() });
            if file.table.group_may_hold(group, &wanted.all) {
                each_collection(file, search, group, |name| search.observe_collection(name, &mut names))?;
            }
        }
    }
    check_lists(search, &names, || {
        let mut known = KnownNames::default();
        for name in also {
            known.add(name);
        }
        for file in &files {
            for group in 0..file.table.metadata.num_row_groups() {
                each_collection(file, search, group, |name| known.add(name))?;
            }
        }
        Ok(known)
    })
}

/// Hands over the collections of the Items of a row group: of their column, and where that has not all of them of the residual.
fn each_collection(
    file: &Opened,
    search: &Compiled,
    group: usize,
    mut look: impl FnMut(&str),
) -> Result<(), Error> {
    let conventions = &file.footer.names.conventions;
    if let Some(given) = file.footer.names.given("collection") {
        look(given);
    }
    let residual = conventions.residual.as_ref().filter(|_| conventions.is_partial("/collection"));
    let is_wanted = |root: &String| root == "collection" || Some(root) == residual;
    let columns = file.table.columns(|path| path.first().is_some_and(is_wanted));
    each_item(file, search, group, &columns, |item| {
        if let Some(name) = item.get("collection").and_then(Value::as_str) {
            look(&name);
        }
    })
}

/// Hands over the Items of a row group, made of some of their columns.
fn each_item(
    file: &Opened,
    search: &Compiled,
    group: usize,
    columns: &Columns,
    mut look: impl FnMut(Value<'_>),
) -> Result<(), Error> {
    if columns.is_empty() {
        return Ok(());
    }
    let (mut tape, mut text) = (Tape::new(), Vec::new());
    let rows = 0..file.table.rows(group);
    let batches = file.table.read(group, columns, from_ref(&rows), (8_192, 1));
    for batch in batches.map_err(|cause| file.damaged(&cause))? {
        let batch = batch.map_err(|cause| file.damaged(&cause))?;
        search.check_stop()?;
        let mut items =
            Items::new(&batch, &file.footer.names, Scope::Some).map_err(|cause| file.unreadable(cause))?;
        for row in 0..batch.num_rows() {
            text.clear();
            items.write(row, &mut text).map_err(|cause| file.unreadable(cause))?;
            look(tape.parse(&text).map_err(|cause| file.unreadable(cause))?);
        }
    }
    Ok(())
}

/// Whether names within its values are not in the schema: the keys of a map, the members of a geometry.
fn is_open(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(..) | DataType::Binary => true,
        DataType::Struct(fields) => fields.iter().any(|field| is_open(field.data_type())),
        _ => false,
    }
}

/// The types of the values in the columns that a name, with dots or nested at them, leads to.
fn types_at(fields: &Fields, name: &str) -> Types {
    let mut types = Types::NONE;
    for field in fields {
        let Some(rest) = name.strip_prefix(field.name().as_str()) else { continue };
        if rest.is_empty() {
            types = types.and(types_of(field.data_type()));
        } else if let (Some(rest), DataType::Struct(fields)) = (rest.strip_prefix('.'), field.data_type()) {
            types = types.and(types_at(fields, rest));
        }
    }
    types
}

/// What the values of a column are in JSON.
fn types_of(data_type: &DataType) -> Types {
    match data_type {
        DataType::Boolean => Types::BOOL,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Timestamp(..) => Types::STRING,
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => Types::ARRAY,
        DataType::Struct(_) | DataType::Map(..) => Types::OBJECT,
        DataType::Dictionary(_, values) => types_of(values),
        other if other.is_numeric() => Types::NUMBER,
        // Anything.
        _ => Types::NULL.and(Types::VALUE),
    }
}
