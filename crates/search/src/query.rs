//! The `query` of the STAC API query extension, as a CQL2 expression.

use stacyard_model::json::{Document, Kind, Value};

use crate::cql2::{CompareOp, Expr, Literal, NumberLiteral};
use crate::error::{Reason, SearchError};
use crate::eval;
use crate::property::Property;

/// Parses the JSON text of a `query`: `{"eo:cloud_cover": {"lt": 20}}` is `eo:cloud_cover < 20`. All its conditions must
/// hold; `None`: there is none.
pub fn parse_query(text: &str) -> Result<Option<Expr>, SearchError> {
    let document = Document::parse(text).map_err(|error| wrong("", format!("not JSON: {error}")))?;
    query(document.root())
}

/// The expression of a `query` that is part of a larger JSON text, such as the body of a search.
pub fn query(query: Value<'_>) -> Result<Option<Expr>, SearchError> {
    let Some(members) = query.members() else { return Err(wrong("", "not an object of properties")) };
    let mut conditions = Vec::new();
    for (key, operators) in members {
        let name = key.text();
        let property = Property::parse(&name).map_err(|reason| wrong(&name, reason))?;
        let Some(operators) = operators.members() else {
            return Err(wrong(&name, "not an object of operators"));
        };
        for (operator, value) in operators {
            let property = Expr::Property(property.clone());
            let condition = condition(property, &operator.text(), value);
            conditions.push(condition.and_then(meaningful).map_err(|reason| wrong(&name, reason))?);
        }
    }
    Ok((!conditions.is_empty()).then(|| Expr::and(conditions)))
}

/// The condition, unless it has no meaning, such as a date and time compared with another string.
fn meaningful(condition: Expr) -> Result<Expr, Reason> {
    let meaning = eval::with_instants(&condition).and_then(|read| eval::compile(&read));
    meaning.map(|_| condition).map_err(|fault| fault.reason)
}

fn wrong(name: &str, reason: impl Into<Reason>) -> SearchError {
    let Reason { cause: reason, remedy } = reason.into();
    SearchError::Query { name: name.to_owned(), reason, remedy }
}

fn condition(property: Expr, operator: &str, value: Value<'_>) -> Result<Expr, Reason> {
    let compare =
        |op, value| Ok(Expr::Compare(op, property.clone().into(), Expr::Literal(literal(value)?).into()));
    // pystac-client writes numbers as strings; which of them comes first is asked of numbers.
    let order = |op| {
        let number = value.as_str().and_then(|text| NumberLiteral::new(&text));
        let literal = number.map_or_else(|| literal(value), |number| Ok(Literal::Number(number)))?;
        Ok(Expr::Compare(op, property.clone().into(), Expr::Literal(literal).into()))
    };
    let like = |before: &str, after: &str| match literal(value)? {
        Literal::Text(text) => {
            let pattern = format!("{before}{}{after}", escaped(&text));
            Ok(Expr::Like(property.clone().into(), Expr::Literal(Literal::Text(pattern)).into()))
        }
        _ => Err(format!("{operator} takes a string").into()),
    };
    match operator {
        "eq" if value.kind() == Kind::Null => Ok(Expr::IsNull(property.into())),
        "neq" if value.kind() == Kind::Null => Ok(Expr::Not(Expr::IsNull(property.into()).into())),
        "eq" => compare(CompareOp::Equal, value),
        "neq" => compare(CompareOp::NotEqual, value),
        "lt" => order(CompareOp::Less),
        "lte" => order(CompareOp::LessOrEqual),
        "gt" => order(CompareOp::Greater),
        "gte" => order(CompareOp::GreaterOrEqual),
        "startsWith" => like("", "%"),
        "endsWith" => like("%", ""),
        "contains" => like("%", "%"),
        "in" => {
            let values = value.elements().ok_or("in takes an array")?;
            let values =
                values.map(|value| literal(value).map(Expr::Literal)).collect::<Result<Vec<_>, _>>()?;
            if values.is_empty() {
                return Err("in needs one value or more".into());
            }
            Ok(Expr::In(property.into(), values))
        }
        other => Err((
            format!("{other:?} is no operator"),
            "there are eq, neq, lt, lte, gt, gte, startsWith, endsWith, contains, in",
        )
            .into()),
    }
}

fn literal(value: Value<'_>) -> Result<Literal, Reason> {
    Ok(match value.kind() {
        Kind::True => Literal::Bool(true),
        Kind::False => Literal::Bool(false),
        Kind::Number => Literal::Number(NumberLiteral::new(value.raw()).ok_or("not a number")?),
        Kind::String => Literal::Text(value.as_str().unwrap_or_default().into_owned()),
        Kind::Null | Kind::Array | Kind::Object => {
            return Err("a string, a number, true or false is expected".into());
        }
    })
}

/// The text as a pattern of LIKE that only it fits.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_those_of_cql2() {
        let query = |text: &str| parse_query(text).unwrap().unwrap().to_text().unwrap();
        for (text, filter) in [
            (r#"{"eo:cloud_cover":{"lt":20,"gte":5.50}}"#, "eo:cloud_cover < 20 AND eo:cloud_cover >= 5.50"),
            (r#"{"platform":{"eq":"landsat-8"},"gsd":{"neq":30}}"#, "platform = 'landsat-8' AND gsd <> 30"),
            (r#"{"a":{"startsWith":"x%"}}"#, r"a LIKE 'x\%%'"),
            (r#"{"a":{"endsWith":"_y"}}"#, r"a LIKE '%\_y'"),
            (r#"{"a":{"contains":"it's"}}"#, "a LIKE '%it''s%'"),
            (r#"{"a":{"in":["x","y"]}}"#, "a IN ('x', 'y')"),
            (r#"{"a":{"lt":"20","gte":"2e1"},"b":{"eq":"20"}}"#, "a < 20 AND a >= 2e1 AND b = '20'"),
            (r#"{"a":{"gt":"2024-01-01","lt":"x"}}"#, "a > '2024-01-01' AND a < 'x'"),
            (r#"{"a":{"eq":null}}"#, "a IS NULL"),
            (r#"{"a":{"lte":true,"gt":9007199254740993}}"#, "a <= TRUE AND a > 9007199254740993"),
        ] {
            assert_eq!(query(text), filter);
        }
        assert_eq!(parse_query("{}").unwrap(), None);
    }

    #[test]
    fn faults_are_named() {
        let fault = |text: &str| parse_query(text).unwrap_err().to_string();
        insta::assert_snapshot!(fault(r#"{"gsd":{"less":1}}"#), @r#"
        query gsd: "less" is no operator; there are eq, neq, lt, lte, gt, gte, startsWith, endsWith, contains, in
        "#);
        insta::assert_snapshot!(fault(r#"{"gsd":5}"#), @r#"query gsd: not an object of operators; write the operators of each property as an object, such as {"eo:cloud_cover": {"lt": 20}}"#);
        insta::assert_snapshot!(fault(r#"{"gsd":{"startsWith":5}}"#), @r#"query gsd: startsWith takes a string; write the operators of each property as an object, such as {"eo:cloud_cover": {"lt": 20}}"#);
        insta::assert_snapshot!(fault(r#"{"gsd":{"in":[]}}"#), @r#"query gsd: in needs one value or more; write the operators of each property as an object, such as {"eo:cloud_cover": {"lt": 20}}"#);
        insta::assert_snapshot!(fault("[]"), @"query: not an object of properties");
        insta::assert_snapshot!(fault("{"), @"query: not JSON: the JSON ends too early (at byte 1)");
    }
}
