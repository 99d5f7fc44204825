//! A batch of rows as one transaction, without the rows that are refused. All that is prepared ends with the transaction, so that a pooler
//! may give the connection to others between two.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use stacyard_store::{Counts, Error, Mode, Refused, Why};
use tokio_postgres::Client;

use crate::connect::fault::{self, Attempts};
use crate::own::encode::{Rows, Set};
use crate::own::load::explain::odd;
use crate::own::load::sieve::sieve;
use crate::own::load::target::{STAGING, Target};

impl Target {
    /// Takes a chunk; where some of its rows are refused, the others without them.
    pub(crate) async fn load(&self, client: &Client, rows: &Rows) -> Result<Vec<Refused>, Error> {
        let mut refused = Vec::new();
        let all: Vec<usize> = (0..rows.ends.len()).collect();
        let mut is_sieved = false;
        let mut has_failed = false;
        let mut left = if self.has_met_wrong.load(Ordering::Relaxed) {
            vec![self.sieved(client, Set { rows, numbers: &all }, &mut is_sieved, &mut refused).await]
        } else {
            vec![all]
        };
        let mut attempts = Attempts::default();
        // Rows that refer to Items: these may be others of the same chunk.
        let (mut waiting, mut has_new) = (Vec::new(), false);
        loop {
            let Some(set) = left.pop() else {
                if !has_new || waiting.is_empty() {
                    break;
                }
                left.push(waiting.drain(..).map(|refused: Refused| refused.item).collect());
                has_new = false;
                continue;
            };
            if set.is_empty() {
                continue;
            }
            let is_direct = !self.has_met_old.load(Ordering::Relaxed);
            let cause = match self.batch(client, Set { rows, numbers: &set }).await {
                Ok(mut known) => {
                    has_new |= known.len() < set.len();
                    refused.append(&mut known);
                    attempts = Attempts::default();
                    continue;
                }
                Err(cause) => cause,
            };
            if is_direct && fault::is_duplicate(&cause) {
                self.has_met_old.store(true, Ordering::Relaxed);
                left.push(set);
                continue;
            }
            if self.may_try_again(&cause) && attempts.wait().await {
                left.push(set);
                continue;
            }
            let Some(db) = cause.as_db_error().filter(|_| fault::is_of_rows(&cause)) else {
                return Err(self.failed(cause));
            };
            if let [item] = set[..] {
                let explainer = self.explainer(client).await;
                let why = Why::Wrong(explainer.problem(db, rows.row(item)));
                let is_waiting = explainer.is_of_items(db);
                if is_waiting { &mut waiting } else { &mut refused }.push(Refused { item, why });
                continue;
            }
            if !std::mem::replace(&mut has_failed, true) {
                let number = set.len();
                // Values that no type of PostgreSQL holds are seen without it: each of these rows is tried by itself.
                let (suspects, mut rest): (Vec<usize>, Vec<usize>) =
                    set.iter().partition(|&&row| odd(rows.row(row)).is_some());
                if !is_sieved {
                    let left = Set { rows, numbers: &rest };
                    rest = self.sieved(client, left, &mut is_sieved, &mut refused).await;
                }
                if rest.len() < number {
                    left.push(rest);
                    left.extend(suspects.into_iter().map(|row| vec![row]));
                    continue;
                }
            }
            let (first, second) = set.split_at(set.len() / 2);
            left.extend([second.to_vec(), first.to_vec()]);
        }
        refused.append(&mut waiting);
        refused.sort_by_key(|refused| refused.item);
        Ok(refused)
    }

    /// A set without the rows that are found to be refused; `is_sieved`: whether they could be looked for.
    async fn sieved(
        &self,
        client: &Client,
        set: Set<'_>,
        is_sieved: &mut bool,
        refused: &mut Vec<Refused>,
    ) -> Vec<usize> {
        let explainer = self.explainer(client).await;
        let Some(found) = sieve(client, self, explainer, set).await else {
            return set.numbers.to_vec();
        };
        *is_sieved = true;
        self.has_met_wrong.store(!found.is_empty(), Ordering::Relaxed);
        let known: HashSet<usize> = found.iter().map(|refused| refused.item).collect();
        refused.extend(found);
        set.numbers.iter().copied().filter(|row| !known.contains(row)).collect()
    }

    /// One transaction; of a replacement, which is one as a whole, a part.
    async fn batch(&self, client: &Client, set: Set<'_>) -> Result<Vec<Refused>, tokio_postgres::Error> {
        if self.mode == Mode::Replace {
            client.batch_execute("SAVEPOINT batch").await?;
            let inserted = self.insert(client, set, &mut Counts::default()).await;
            let back = if inserted.is_ok() { "" } else { "ROLLBACK TO SAVEPOINT batch; " };
            // After the savepoint: there it is emptied at once, within it only when all is done.
            let end = format!("{back}RELEASE SAVEPOINT batch; TRUNCATE {STAGING}");
            return match client.batch_execute(&end).await {
                Ok(()) => inserted,
                // Where the connection is lost this says less than what came first.
                Err(cause) => Err(inserted.err().unwrap_or(cause)),
            };
        }
        client.batch_execute(&self.begin()).await?;
        let mut updated = Counts::default();
        match self.insert(client, set, &mut updated).await {
            Ok(refused) => {
                self.loaded.commit(client, set.numbers.len() - refused.len()).await?;
                self.updated.lock().unwrap_or_else(PoisonError::into_inner).append(&updated);
                Ok(refused)
            }
            Err(cause) => {
                // Waited for: a pooler gives the connection away where a transaction ends, with all that was sent after
                // it. Where it fails too, the first failure says more.
                let _ = client.batch_execute("ROLLBACK").await;
                Err(cause)
            }
        }
    }
}
