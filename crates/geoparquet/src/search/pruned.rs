//! A file that is asked, and which of its row groups statistics and Bloom filters leave.

use std::sync::Arc;

use stacyard_search::{Aggregation, Compiled};
use stacyard_store::Error;

use crate::read::opened::Opened;
use crate::search::condition::{Condition, Conditions, Maker};
use crate::search::levels::{Levels, add};
use crate::search::rank::Rank;

/// What of a file may answer a search.
pub(crate) struct Pruned {
    pub(crate) file: Arc<Opened>,
    pub(crate) conditions: Conditions,
    pub(crate) rank: Option<Rank>,
    /// The row groups. Where there are none, nothing of the file but its footer and Bloom filters has been read.
    pub(crate) groups: Vec<usize>,
}

impl Pruned {
    /// Of a search, and what is wanted of the Items that answer, if it is not the Items.
    ///
    /// # Errors
    /// Bloom filters that cannot be read, or not in time.
    pub(crate) fn of(
        file: &Arc<Opened>,
        search: &Compiled,
        wanted: &[Aggregation],
        levels: &Levels,
    ) -> Result<Self, Error> {
        let table = &file.table;
        let maker = Maker { table, footer: &file.footer };
        let mut conditions = maker.conditions(search.request());
        if let Some(within) = Aggregation::tile_of(wanted).and_then(|tile| maker.within(tile)) {
            conditions.all = Condition::All(vec![conditions.all, within]);
        }
        let all = 0..table.metadata.num_row_groups();
        add(&levels.files, 1);
        add(&levels.groups, all.len());
        let left: Vec<usize> = all.filter(|&group| table.group_may_hold(group, &conditions.all)).collect();
        add(&levels.files_after_statistics, usize::from(!left.is_empty()));
        add(&levels.after_statistics, left.len());
        let mut groups = Vec::new();
        for group in left {
            search.check_stop()?;
            if table.group_may_have(group, &conditions.all).map_err(|cause| file.damaged(&cause))? {
                groups.push(group);
            }
        }
        add(&levels.files_after_bloom, usize::from(!groups.is_empty()));
        add(&levels.after_bloom, groups.len());
        Ok(Self { rank: Rank::of(&maker, search), file: Arc::clone(file), conditions, groups })
    }

    /// No row that may answer has a lower rank.
    pub(crate) fn lowest_rank(&self) -> i64 {
        let Some(rank) = &self.rank else { return i64::MIN };
        let span = |&group: &usize| rank.span(|column| Ok(self.file.table.group_numbers(group, column))).ok();
        let low = |group| span(group).map_or(i64::MIN, |[low, _]| low);
        self.groups.iter().map(low).min().unwrap_or(i64::MAX)
    }

    /// Whether all that may answer comes after a place in the order.
    pub(crate) fn is_after(&self, search: &Compiled, place: &[u8]) -> bool {
        let of_place = self.rank.as_ref().and_then(|rank| rank.of_place(search, place));
        of_place.is_some_and(|of_place| self.lowest_rank() > of_place)
    }
}
