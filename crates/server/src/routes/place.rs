//! Where Items are asked for: all of them, or those of a Collection.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::ask::{Asked, Parameters, Segments};
use crate::catalog::Catalog;
use crate::form::Chosen;
use crate::links::{Base, encoded};
use crate::problem::Problem;
use crate::state::App;

/// Where Items are asked for, with what a request says of how.
pub(super) struct Place {
    pub(super) app: App,
    pub(super) catalog: Catalog,
    pub(super) base: Base,
    pub(super) chosen: Chosen,
    pub(super) parameters: Parameters,
    /// `None`: of all.
    pub(super) collection: Option<String>,
}

impl FromRequestParts<App> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(parameters) = Parameters::from_request_parts(parts, app).await;
        let Ok(chosen) = Chosen::from_request_parts(parts, app).await;
        Ok(Self {
            app: App::clone(app),
            catalog: Catalog::from_request_parts(parts, app).await?,
            base: Base::from_request_parts(parts, app).await?,
            chosen,
            parameters,
            // The path of all has no id.
            collection: Segments::<Option<String>>::from_request_parts(parts, app).await?.0,
        })
    }
}

impl Place {
    /// The path of what stands below the Collection, or of the same of all Items.
    pub(super) fn path(&self, below: &str, of_all: &str) -> String {
        match &self.collection {
            None => format!("/{of_all}"),
            Some(id) => format!("/collections/{}/{below}", encoded(id)),
        }
    }

    /// What is asked, of the Items that are here.
    pub(super) fn within(&self, asked: Asked) -> Result<Asked, Problem> {
        match &self.collection {
            None => Ok(asked),
            Some(id) => asked.within(id),
        }
    }

    /// A problem as it is told here: a Collection that is not there is a path that is not.
    pub(super) fn blamed(&self, problem: Problem) -> Problem {
        self.collection.iter().fold(problem, |problem, id| problem.of_collection(id))
    }
}
