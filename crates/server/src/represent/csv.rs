//! Chosen properties as rows of texts (RFC 4180): a row for each Item, a column for each name. Numbers and texts stand as they are stored, also a
//! text that a spreadsheet would take for a formula (`=1+1`): it is data, and with another character before it a program would read another
//! text. Null and absent are empty, arrays and objects are JSON; a box is four columns.

use axum::body::Bytes;
use csv::{Terminator, Writer, WriterBuilder};
use serde_json::{Map, Value};
use stacyard_search::Stop;
use stacyard_store::{Answer, Error, ErrorKind, default_threads};

use super::stream::Parts;
use crate::problem::Problem;

/// The columns of an Item that are there without being named; queryables follow.
pub(crate) const USUAL: [&str; 6] =
    ["id", "collection", "datetime", "start_datetime", "end_datetime", "bbox"];

/// The columns that a box is.
const BOX: [&str; 4] = ["west", "south", "east", "north"];

/// The names in a list, in its order.
///
/// # Errors
/// One that leaves something out.
pub(crate) fn columns(fields: &str) -> Result<Vec<String>, Problem> {
    let names =
        fields.split(',').map(|name| name.trim().trim_start_matches('+')).filter(|name| !name.is_empty());
    let mut columns: Vec<String> = Vec::new();
    for name in names {
        if name.starts_with('-') {
            return Err(Problem::wrong(
                "fields",
                "a CSV has the columns that are named, none is left out by -",
            ));
        }
        if !columns.iter().any(|known| known == name) {
            columns.push(name.to_owned());
        }
    }
    Ok(columns)
}

/// Rows out of an answer.
pub(super) struct Rows {
    pub(super) answer: Answer,
    pub(super) columns: Vec<String>,
    /// Whether the names of the columns have been written.
    pub(super) is_begun: bool,
}

impl Parts for Rows {
    fn part(&mut self, _: &Stop) -> Result<Option<Vec<Bytes>>, Error> {
        let head = if self.is_begun { Vec::new() } else { row(&heads(&self.columns))? };
        let chunks = self.answer.lines(default_threads())?;
        if chunks.is_none() && self.is_begun {
            return Ok(None);
        }
        self.is_begun = true;
        let mut all = vec![Bytes::from(head)];
        for chunk in chunks.into_iter().flatten() {
            let mut rows = Vec::with_capacity(chunk.len() / 2);
            for line in chunk.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let item: Value = serde_json::from_slice(line).map_err(|cause| {
                    Error::new(ErrorKind::Damaged, "an Item that is not JSON").caused_by(cause)
                })?;
                rows.extend(row(&cells(&item, &self.columns))?);
            }
            all.push(rows.into());
        }
        all.retain(|part| !part.is_empty());
        Ok(Some(all))
    }
}

fn heads(columns: &[String]) -> Vec<String> {
    columns
        .iter()
        .flat_map(|name| if name == "bbox" { BOX.map(str::to_owned).to_vec() } else { vec![name.clone()] })
        .collect()
}

fn cells(item: &Value, columns: &[String]) -> Vec<String> {
    columns
        .iter()
        .flat_map(|name| if name == "bbox" { corners(&item["bbox"]) } else { vec![text(found(item, name))] })
        .collect()
}

/// West, south, east and north; heights are left out.
fn corners(bbox: &Value) -> Vec<String> {
    let at: &[usize] = match bbox.as_array().map(Vec::len) {
        Some(6) => &[0, 1, 3, 4],
        Some(4) => &[0, 1, 2, 3],
        _ => return vec![String::new(); BOX.len()],
    };
    at.iter().map(|at| text(&bbox[*at])).collect()
}

/// What has a name: a member of the Item, of its properties, or what a way of names with dots leads to.
fn found<'a>(item: &'a Value, name: &str) -> &'a Value {
    let (members, properties) = (item, &item["properties"]);
    let way = |start: &'a Value| name.split('.').try_fold(start, |value, part| value.get(part));
    let short = name.strip_prefix("properties.").and_then(|short| properties.get(short));
    let known = members.get(name).or_else(|| properties.get(name)).or(short);
    known.or_else(|| way(members)).or_else(|| way(properties)).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn row(cells: &[String]) -> Result<Vec<u8>, Error> {
    let failed = |cause: csv::Error| Error::failed("a row cannot be written").caused_by(cause);
    let mut writer: Writer<Vec<u8>> =
        WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells).map_err(failed)?;
    writer
        .into_inner()
        .map_err(|cause| Error::failed("a row cannot be written").caused_by(cause.into_error()))
}

/// About how many bytes the row of an Item has, with all of its properties: their texts, and what stands between.
pub(crate) fn length(item: &Value) -> usize {
    let members = USUAL[..2].iter().map(|name| &item[*name]);
    let properties = item["properties"].as_object().into_iter().flat_map(Map::values);
    members.chain(properties).map(|value| text(value).len() + 1).sum::<usize>()
        + corners(&item["bbox"]).join(",").len()
        + 2
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_quoted_and_stay_what_they_are() {
        let item: Value = serde_json::from_str(
            r#"{"id":"a,b","collection":null,"bbox":[1,2,0,3.50,4,9],"properties":{"t":"say \"x\"\r\nthen","f":"=1+1","n":1.0,"o":{"a":[1]},"e:x":"é"}}"#,
        )
        .unwrap();
        let columns = columns("id,collection,bbox,t,f,n,o,o.a,properties.e:x,none,+id").unwrap();
        assert_eq!(heads(&columns)[2..6], ["west", "south", "east", "north"]);
        let row = String::from_utf8(row(&cells(&item, &columns)).unwrap()).unwrap();
        assert_eq!(
            row,
            "\"a,b\",,1,2,3.50,4,\"say \"\"x\"\"\r\nthen\",=1+1,1.0,\"{\"\"a\"\":[1]}\",[1],é,\r\n"
        );
        assert!(super::columns("-assets").is_err());
        assert_eq!(length(&json!({"id": "a", "properties": {"n": 1.5}})), "a,,1.5,,,,\r\n".len());
    }
}
