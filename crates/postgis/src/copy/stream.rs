//! Rows into a table, by one COPY.

use bytes::{BufMut, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::{Client, Error};

/// The signature of COPY's binary format, its flags and the length of its extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Some columns of a table, that rows go into.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) table: &'a str,
    /// Their names.
    pub(crate) names: &'a str,
}

/// Copies rows in COPY's binary format into a table. The statement, which has a name here, is closed before the
/// transaction ends.
pub(crate) async fn send<'r>(
    client: &Client,
    into: Columns<'_>,
    rows: impl Iterator<Item = &'r [u8]> + Clone,
) -> Result<(), Error> {
    let Columns { table, names } = into;
    let length: usize = rows.clone().map(<[u8]>::len).sum();
    let mut bytes = BytesMut::with_capacity(HEADER.len() + length + 2);
    bytes.put_slice(HEADER);
    rows.for_each(|row| bytes.put_slice(row));
    bytes.put_i16(-1);
    let copy = client.copy_in(&format!("COPY {table} ({names}) FROM STDIN (FORMAT binary)")).await?;
    let mut copy = std::pin::pin!(copy);
    copy.send(bytes.freeze()).await?;
    copy.as_mut().finish().await?;
    Ok(())
}
