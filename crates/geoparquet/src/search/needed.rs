//! Which columns decide whether an Item answers, and where it stands in the order.

use stacyard_search::{Aggregation, Compiled, FREE_TEXT_PROPERTIES, Place, Property};

use crate::format::time::{DATETIME, END, START};
use crate::read::footer::Footer;

/// The names of these columns.
pub(crate) struct Needed {
    roots: Vec<String>,
}

impl Needed {
    /// For the place of an Item in the order.
    pub(crate) fn to_sort(search: &Compiled, footer: &Footer) -> Self {
        let mut needed = Self { roots: ["id", "collection"].map(str::to_owned).into() };
        needed.roots.extend(footer.names.conventions.residual.clone());
        if search.order().iter().any(|key| key.property.is_none()) {
            needed.roots.extend([DATETIME, START, END].map(str::to_owned));
        }
        search.request().sortby.iter().for_each(|key| needed.add(&key.property, footer));
        needed
    }

    /// For a search, and what is wanted of the Items that answer.
    pub(crate) fn of(search: &Compiled, wanted: &[Aggregation], footer: &Footer) -> Self {
        let mut needed = Self::to_sort(search, footer);
        let roots = &mut needed.roots;
        let request = search.request();
        let of_times = |one: &Aggregation| matches!(one, Aggregation::Times(None, _) | Aggregation::Extent);
        if request.datetime.is_some() || wanted.iter().any(of_times) {
            roots.extend([DATETIME, START, END].map(str::to_owned));
        }
        if wanted.iter().any(|one| matches!(one, Aggregation::Cells(_) | Aggregation::Extent)) {
            roots.push("bbox".to_owned());
        }
        if request.area.is_some() {
            roots.push(footer.names.geometry.clone());
        }
        if !request.text.is_empty() {
            roots.extend(FREE_TEXT_PROPERTIES.map(str::to_owned));
        }
        request.each_property(&mut |property| needed.add(property, footer));
        needed
    }

    fn add(&mut self, property: &Property, footer: &Footer) {
        match property.place() {
            Place::Geometry => self.roots.push(footer.names.geometry.clone()),
            // A name with dots may be nested at any of them.
            Place::Properties => {
                let key = property.key();
                self.roots.extend(key.match_indices('.').map(|(dot, _)| key[..dot].to_owned()));
                self.roots.push(key.to_owned());
            }
            Place::Id | Place::Collection => {}
        }
    }

    pub(crate) fn has(&self, path: &[String]) -> bool {
        path.first().is_some_and(|root| self.roots.contains(root))
    }
}
