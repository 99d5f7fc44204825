//! Rows of a query as a source of Items: they stream, a batch at a time, however many there are.

use std::pin::pin;
use std::sync::Arc;

use deadpool_postgres::Object;
use futures_util::TryStreamExt;
use stacyard_model::json::Tape;
use stacyard_search::Stop;
use stacyard_store::{Batch, Error, Fault, Place, Record, Source, Work};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_postgres::{Row, RowStream};

use crate::connect::pool::Link;
use crate::connect::timed::{Unanswered, begin, end, within};
use crate::search::searched::Searched;
use crate::search::whole;
use crate::sql::param::{Param, Question};

/// How many rows there are in a batch: some batches are in memory at a time.
const BATCH: usize = 256;

pub(super) type Rows = Result<Vec<Row>, Error>;

/// What is looked at of rows, beside their Items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing: all Items are to pass the gate.
    Whole,
    /// Who has written them: what a load has, has passed the gate.
    Writer,
    /// Whether they agree with themselves; of the columns that an audit asks for.
    Audit,
}

/// What rows are asked for.
enum Asked {
    /// Those of a query.
    Some(Question),
    /// All of the table.
    All,
}

/// Rows, which are asked for when the first are wanted.
pub(crate) struct RowSource {
    table: Searched,
    asked: Asked,
    stop: Stop,
    rows: Option<Receiver<Rows>>,
    row: u64,
    look: Look,
}

impl RowSource {
    pub(crate) fn new(table: &Searched, question: Question, look: Look, stop: &Stop) -> Self {
        let (asked, stop) = (Asked::Some(question), stop.clone());
        Self { table: table.clone(), asked, stop, rows: None, row: 0, look }
    }

    /// All Items of a table.
    pub(super) fn all(table: &Searched) -> Self {
        let stop = Stop::default();
        Self { table: table.clone(), asked: Asked::All, stop, rows: None, row: 0, look: Look::Whole }
    }

    fn rows(&mut self) -> &mut Receiver<Rows> {
        self.rows.get_or_insert_with(|| {
            let asked = std::mem::replace(&mut self.asked, Asked::All);
            let (sender, receiver) = channel(2);
            let (table, stop) = (self.table.clone(), self.stop.clone());
            self.table.database.runtime().spawn(async move {
                let link = &table.database.link;
                let read = match &asked {
                    Asked::Some(question) => stream(link, question, &stop, &sender).await,
                    Asked::All => {
                        whole::read(link, (&table.table.name, table.shape.selected()), &sender).await
                    }
                };
                if let Err(error) = read {
                    // Nobody may be there any more to hear it.
                    let _ = sender.send(Err(error)).await;
                }
            });
            receiver
        })
    }
}

async fn stream(link: &Link, question: &Question, stop: &Stop, sender: &Sender<Rows>) -> Result<(), Error> {
    let mut is_first = true;
    loop {
        let client = link.client_until(stop).await?;
        let mut delivered = false;
        match deliver(&client, question, stop, sender, &mut delivered).await {
            // A connection that has died in the pool.
            Err(cause) if is_first && !delivered && cause.is_lost() => link.give_up(client),
            Err(cause) => {
                return Err(cause.of(stop, client, &format!("read {}", link.address.shown())));
            }
            Ok(true) => return Ok(()),
            Ok(false) => {
                // Nobody wants the rest, which the server goes on to send: the next to have the connection would wait for it.
                drop(Object::take(client));
                return Ok(());
            }
        }
        is_first = false;
    }
}

/// Sends the rows of a query on, batch by batch; `false`: nobody wants more. `delivered` tells whether any were sent.
async fn deliver(
    client: &Object,
    question: &Question,
    stop: &Stop,
    sender: &Sender<Rows>,
    delivered: &mut bool,
) -> Result<bool, Unanswered> {
    let begun = async {
        begin(client, stop).await?;
        client.query_typed_raw(&question.sql, question.params.iter().map(Param::typed)).await
    };
    let rows = within(stop, begun).await?;
    let is_wanted = pass_on(rows, stop, sender, delivered).await?;
    if is_wanted {
        within(stop, end(client, stop)).await?;
    }
    Ok(is_wanted)
}

/// The same of rows that are under way.
pub(super) async fn pass_on(
    rows: RowStream,
    stop: &Stop,
    sender: &Sender<Rows>,
    delivered: &mut bool,
) -> Result<bool, Unanswered> {
    let mut rows = pin!(rows);
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(row) = within(stop, rows.try_next()).await? {
        batch.push(row);
        if batch.len() == BATCH {
            *delivered = true;
            if sender.send(Ok(std::mem::take(&mut batch))).await.is_err() {
                return Ok(false);
            }
        }
    }
    Ok(batch.is_empty() || sender.send(Ok(batch)).await.is_ok())
}

impl Source for RowSource {
    fn name(&self) -> &str {
        self.table.database.address().shown()
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        self.row
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        let database = self.table.database.clone();
        let Some(rows) = database.wait(self.rows().recv()).transpose()? else { return Ok(None) };
        database.wait(async {
            for row in &rows {
                self.table.ask_for_missing(row, &self.stop).await?;
            }
            Ok::<_, Error>(())
        })?;
        let first = self.row;
        self.row += rows.len() as u64;
        let (shape, look) = (Arc::clone(&self.table.shape), self.look);
        Ok(Some(Box::new(move || {
            let mut batch = Batch::default();
            let mut tape = Tape::new();
            for (number, row) in (first + 1..).zip(&rows) {
                let start = narrow(batch.text.len())?;
                shape.write_item(row, &mut batch.text)?;
                let end = narrow(batch.text.len())?;
                let column = if look == Look::Audit {
                    shape.disagreeing(row, &batch.text[start as usize..], &mut tape)?
                } else {
                    None
                };
                let fault = column.map(|column| Fault::Disagrees { column });
                let has_passed = look == Look::Writer && shape.has_passed(row)?;
                batch.records.push(Record { start, end, place: Place::Row(number), fault, has_passed });
            }
            Ok(batch)
        })))
    }
}

/// Appends the Item of a row that has not passed the gate.
pub(crate) fn push_record(text: &[u8], row: u64, batch: &mut Batch) -> Result<(), Error> {
    let start = narrow(batch.text.len())?;
    batch.text.extend_from_slice(text);
    let end = narrow(batch.text.len())?;
    batch.records.push(Record { start, end, place: Place::Row(row), fault: None, has_passed: false });
    Ok(())
}

fn narrow(at: usize) -> Result<u32, Error> {
    u32::try_from(at).map_err(|_| Error::failed("Items of more than 4 GiB in a batch"))
}
