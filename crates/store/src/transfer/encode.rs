//! Batches on their way into the sink: checked, and encoded without the Items that are there already.

use stacyard_model::ObjectKind;

use crate::check::{Checker, Key, Keyed, Notes, Outcome};
use crate::report::Problem;
use crate::seen::Seen;
use crate::transfer::collected::Collected;
use crate::{Batch, Encoder, Error, Refused, Why};

/// What became of a record on its way into a store.
pub(super) enum Fate {
    Checked(Outcome),
    /// The Item has been written by an earlier leg, or is in the store already.
    Taken,
    /// This very Item is in the store already, from a load that was broken off.
    Present,
    /// The Item has been there before in the same leg.
    Repeated(Key),
    /// The store does not take the Item.
    Refused(Problem),
}

/// A batch, ready to be written.
pub(super) struct Encoded<C> {
    pub(super) batch: Batch,
    pub(super) fates: Vec<Fate>,
    /// One for each of the fates.
    pub(super) collections: Collected,
    pub(super) notes: Notes,
    pub(super) chunk: C,
}

impl<C> Encoded<C> {
    /// Notes what the store has not taken of the chunk, and the keys of those that it refuses for what they are.
    pub(super) fn refuse(&mut self, refused: Vec<Refused>, mut keys: Option<&mut Seen>) -> Result<(), Error> {
        let is_item = |fate: &&mut Fate| matches!(fate, Fate::Checked(Outcome::Passed(ObjectKind::Item, _)));
        let mut items = self.fates.iter_mut().filter(is_item).enumerate();
        for Refused { item, why } in refused {
            if let Some((_, fate)) = items.find(|(index, _)| *index == item) {
                if let (Fate::Checked(Outcome::Passed(_, key)), Why::Wrong(_), Some(keys)) =
                    (&*fate, &why, &mut keys)
                {
                    keys.insert(*key)?;
                }
                *fate = match why {
                    Why::Taken => Fate::Taken,
                    Why::Present => Fate::Present,
                    Why::Wrong(problem) => Fate::Refused(problem),
                };
            }
        }
        Ok(())
    }
}

/// What earlier legs have written.
#[derive(Clone, Copy)]
pub(super) struct Earlier<'a> {
    /// What keys are made with.
    pub(super) keyed: &'a Keyed,
    /// The keys: complete, so that workers can ask.
    pub(super) seen: &'a Seen,
    /// Whether this leg is the only one: places in the file mean something to the sink then.
    pub(super) is_only_leg: bool,
}

/// How batches are encoded.
pub(super) struct Encoding<'a, E> {
    pub(super) encoder: &'a E,
    pub(super) earlier: Earlier<'a>,
}

impl<E: Encoder> Encoding<'_, E> {
    /// Checks and encodes a batch, without the records that are known (in ascending order) to be `repeated`.
    pub(super) fn encode(
        &self,
        checker: &mut Checker<'_>,
        batch: Batch,
        mut repeated: &[(usize, Key)],
    ) -> Result<Encoded<E::Chunk>, Error> {
        let mut chunk = E::Chunk::default();
        let mut notes = Notes::new(checker.rules);
        let mut fates = Vec::with_capacity(batch.records.len());
        let mut collections = Collected::default();
        for (index, &record) in batch.records.iter().enumerate() {
            if let Some((first, rest)) = repeated.split_first()
                && first.0 == index
            {
                repeated = rest;
                collections.push(None);
                fates.push(Fate::Repeated(first.1));
                continue;
            }
            let mut taken = false;
            let mut is_item = false;
            let outcome = checker.record(&batch, record, &mut notes, |item, key: Key, verbatim| {
                is_item = true;
                collections.push(Some(item));
                taken = self.earlier.seen.contains(&key)?;
                if taken {
                    return Ok(());
                }
                let offset = batch.file_offset.filter(|_| verbatim && self.earlier.is_only_leg);
                self.encoder.item(item, offset.map(|offset| offset + u64::from(record.start)), &mut chunk)
            })?;
            if !is_item {
                collections.push(None);
            }
            fates.push(if taken { Fate::Taken } else { Fate::Checked(outcome) });
        }
        self.encoder.seal(&mut chunk)?;
        checker.relax(&batch);
        Ok(Encoded { batch, fates, collections, notes, chunk })
    }
}
