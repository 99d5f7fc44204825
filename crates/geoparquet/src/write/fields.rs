//! The names at one place of the Items, and what has stood there. There may be ever new ones: they are only counted up to
//! a bound, and what was not counted lives in the residual.

use std::collections::HashMap;

use stacyard_model::json::Key;

use crate::write::shape::Shape;

/// The members of the objects at one place, in the order in which they were first seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    list: Vec<(Box<str>, Shape)>,
    index: HashMap<Box<str>, usize>,
    /// Other names have stood here too.
    pub(crate) forgot: bool,
}

impl Fields {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Box<str>, Shape)> {
        self.list.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Shape> {
        self.index.get(name).map(|&at| &self.list[at].1)
    }

    /// The shape of a member; `None` where it is new, there is no room for it, and it is not to be kept in any case. Items
    /// resemble each other: the member after the last one is tried first.
    pub(crate) fn at(
        &mut self,
        key: Key<'_>,
        cursor: &mut usize,
        room: &mut usize,
        keep: impl Fn(&str) -> bool,
    ) -> Option<(&mut Shape, &str)> {
        let at = match self.list.get(*cursor) {
            Some((name, _)) if key == **name => *cursor,
            _ => {
                let name = key.text();
                match self.index.get(&*name) {
                    Some(&at) => at,
                    None if *room == 0 && !keep(&name) => {
                        self.forgot = true;
                        return None;
                    }
                    None => {
                        *room = room.saturating_sub(room_for(&name));
                        self.insert((&*name).into(), Shape::default())
                    }
                }
            }
        };
        *cursor = at + 1;
        let (name, shape) = &mut self.list[at];
        Some((shape, name))
    }

    /// The shape of the field `name`.
    pub(crate) fn named(&mut self, name: &str) -> &mut Shape {
        let at = match self.index.get(name) {
            Some(&at) => at,
            None => self.insert(name.into(), Shape::default()),
        };
        &mut self.list[at].1
    }

    fn insert(&mut self, name: Box<str>, shape: Shape) -> usize {
        self.index.insert(name.clone(), self.list.len());
        self.list.push((name, shape));
        self.list.len() - 1
    }

    /// Adds what another has counted; gives the number of names that are new.
    pub(crate) fn merge(&mut self, other: Self) -> usize {
        let mut new = 0;
        if other.forgot {
            // What it has no entry for may have been among what it did not count.
            for (name, shape) in &mut self.list {
                shape.incomplete |= !other.index.contains_key(name);
            }
        }
        for (name, mut shape) in other.list {
            if let Some(&at) = self.index.get(&name) {
                new += self.list[at].1.merge(shape);
            } else {
                shape.incomplete |= self.forgot;
                new += room_for(&name) + shape.names();
                self.insert(name, shape);
            }
        }
        self.forgot |= other.forgot;
        new
    }

    /// How many names there are, here and below.
    pub(crate) fn names(&self) -> usize {
        self.list.iter().map(|(name, shape)| room_for(name) + shape.names()).sum()
    }

    /// Forgets the rarest names, here and below, so that those that are left take about so much room; but those here that
    /// are to be kept.
    pub(crate) fn forget(&mut self, left: usize, keep: impl Fn(&str) -> bool) {
        let mut names = Vec::new();
        self.each(&mut |name, shape| names.push((shape.occurrences(), room_for(name))));
        names.sort_unstable_by(|a, b| b.cmp(a));
        let mut taken = 0;
        let first_out = names.iter().position(|(_, room)| {
            taken += room;
            taken > left
        });
        let Some((limit, _)) = first_out.map(|at| names[at]) else { return };
        let more: usize = names.iter().filter(|(count, _)| *count > limit).map(|(_, room)| room).sum();
        self.retain(limit, &mut (left - more), &keep);
    }

    fn each(&self, visit: &mut impl FnMut(&str, &Shape)) {
        for (name, shape) in &self.list {
            visit(name, shape);
            let inner = std::iter::successors(Some(shape), |shape| shape.element.as_deref());
            inner.for_each(|shape| shape.fields.each(visit));
        }
    }

    /// Keeps the names that occur more often than `limit`, and the first of those that occur as often, up to some room.
    fn retain(&mut self, limit: u64, room: &mut usize, keep: &dyn Fn(&str) -> bool) {
        let count = self.list.len();
        self.list.retain_mut(|(name, shape)| {
            let occurs = shape.occurrences();
            let is_tie = occurs == limit && *room >= room_for(name);
            if is_tie {
                *room -= room_for(name);
            }
            if occurs <= limit && !is_tie && !keep(name) {
                return false;
            }
            let mut inner = Some(shape);
            while let Some(shape) = inner {
                shape.fields.retain(limit, room, &|_| false);
                inner = shape.element.as_deref_mut();
            }
            true
        });
        if self.list.len() < count {
            self.forgot = true;
            self.list.shrink_to_fit();
            self.index = self.list.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        }
    }
}

/// How much room a name takes: one, and one more for every 256 bytes of it.
fn room_for(name: &str) -> usize {
    1 + name.len() / 256
}
