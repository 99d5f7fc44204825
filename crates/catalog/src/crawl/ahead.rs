//! Many tasks under way at once, whose results are taken in order.

use std::collections::VecDeque;

use stacyard_store::Error;
use tokio::task::JoinHandle;

/// Tasks, in order. Dropped, it ends those that are still under way.
pub(super) struct Ahead<T> {
    tasks: VecDeque<JoinHandle<T>>,
    most: usize,
}

impl<T: Send + 'static> Ahead<T> {
    /// At most so many are under way or done and not yet taken.
    pub(super) fn new(most: usize) -> Self {
        Self { tasks: VecDeque::with_capacity(most), most }
    }

    pub(super) fn has_room(&self) -> bool {
        self.tasks.len() < self.most
    }

    pub(super) fn begin(&mut self, task: impl Future<Output = T> + Send + 'static) {
        self.tasks.push_back(tokio::spawn(task));
    }

    /// The result of the oldest; `None`: there is none.
    pub(super) async fn next(&mut self) -> Result<Option<T>, Error> {
        // It stays here while it is waited for, so that it is ended with the others.
        let Some(task) = self.tasks.front_mut() else { return Ok(None) };
        let result = task.await;
        self.tasks.pop_front();
        result.map(Some).map_err(|cause| Error::failed("a document was not read").caused_by(cause))
    }
}

impl<T> Drop for Ahead<T> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
