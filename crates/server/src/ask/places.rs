//! Which parameter has a name that nothing in the stores has: they say the name, and know no parameters.

use stacyard_search::SortKey;
use stacyard_search::cql2::Expr;

use crate::problem::Problem;

/// The names in a request, by the parameters that have them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    filter: Vec<String>,
    query: Vec<String>,
    sortby: Vec<String>,
}

impl Places {
    pub(super) fn of(filter: Option<&Expr>, query: Option<&Expr>) -> Self {
        Self { filter: names(filter), query: names(query), sortby: Vec::new() }
    }

    pub(super) fn and_sorted(self, keys: &[SortKey]) -> Self {
        Self { sortby: keys.iter().map(|key| key.property.name().to_owned()).collect(), ..self }
    }

    /// The problem, with the parameter that has the unknown name.
    pub(crate) fn blamed(&self, problem: Problem) -> Problem {
        let Some(name) = problem.unknown() else { return problem };
        let has = |names: &[String]| names.iter().any(|known| known == name);
        let parameter = if problem.is_no_collection() {
            "collections"
        } else if has(&self.filter) {
            "filter"
        } else if has(&self.query) {
            "query"
        } else if has(&self.sortby) {
            "sortby"
        } else {
            // Nothing else names properties.
            "aggregations"
        };
        problem.parameter(parameter)
    }
}

fn names(expr: Option<&Expr>) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(expr) = expr {
        expr.each_property(&mut |property| names.push(property.name().to_owned()));
    }
    names
}
