//! `/tiles/{z}/{x}/{y}`, also below a Collection: a part of the map with the Items that answer (OGC API - Tiles).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use stacyard_search::Tile;

use super::{Resource, get};
use crate::ask::{Asked, Parameters, Segments, known};
use crate::catalog::Catalog;
use crate::form::Also;
use crate::media::MVT;
use crate::problem::Problem;
use crate::represent::tagged;
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[
    Resource {
        path: "/tiles/{z}/{x}/{y}",
        about: "A vector tile of the Items that answer a search: their footprints (layer footprints), or how many there are (layer cells).",
        parameters: known::TILE,
        kind: MVT,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(tile),
    },
    Resource {
        path: "/collections/{collectionId}/tiles/{z}/{x}/{y}",
        about: "A vector tile of the Items of a Collection that answer a search.",
        parameters: known::TILE,
        kind: MVT,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(tile),
    },
];

async fn tile(
    State(app): State<App>,
    catalog: Catalog,
    Segments(path): Segments<Vec<(String, String)>>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let part = |name: &str| path.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
    let tile = place(["z", "x", "y"].map(|name| part(name).unwrap_or_default()))?;
    let given = parameters.of(known::TILE)?;
    let asked = Asked::of_parameters(&given, &app.tokens)?;
    let collection = part("collectionId");
    let asked = match collection {
        None => asked,
        Some(id) => asked.within(id)?,
    };
    let blamed = |problem| {
        let problem: Problem = asked.places.blamed(problem);
        collection.iter().fold(problem, |problem, id| problem.of_collection(id))
    };
    // Looks whether files have been replaced, on which the mark depends.
    catalog.refresh(&app.works).await;
    let mark = catalog.mark(&asked.query()).map_err(|error| blamed(error.into()))?;
    let search = asked.search.clone();
    let job = app.works.long_job();
    let make = job.run(move |stop| crate::tiles::tile(&catalog, &search, tile, stop));
    let made = app.tiles.of(mark, tile, make).await.map_err(blamed)?;
    Ok(tagged(MVT, &headers, made.tag, made.bytes))
}

/// The tile that the path names.
fn place([z, x, y]: [&str; 3]) -> Result<Tile, Problem> {
    let number = |text: &str| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| is_plain)
    };
    let last = Tile::MAX_ZOOM;
    let none = || Problem::not_found(format!("there is no tile {z}/{x}/{y}"));
    let Some(zoom) = number(z).and_then(|zoom| u8::try_from(zoom).ok()).filter(|zoom| *zoom <= last) else {
        return Err(none().help(format!("the zoom, which comes first, is a whole number from 0 to {last}")));
    };
    let tile = number(x).zip(number(y)).and_then(|(x, y)| Tile::new(zoom, x, y));
    tile.ok_or_else(|| {
        let most = (1_u32 << zoom) - 1;
        none().help(format!("at zoom {zoom} x and y are whole numbers from 0 to {most}"))
    })
}
