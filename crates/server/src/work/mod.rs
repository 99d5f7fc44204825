//! The blocking side. Stores are synchronous, so that each request that asks them is a job on a thread for such. Only so many
//! work at once: others wait for their turn, and are refused where it does not come soon, as a queue that grows helps nobody. A
//! job ends at its deadline, or when its client goes away.

use std::sync::Arc;
use std::time::Duration;

use stacyard_search::Stop;
use stacyard_store::{Error, ErrorKind, Run};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::options::Options;
use crate::problem::Problem;

/// Who works for requests.
#[derive(Clone)]
pub(crate) struct Works {
    turns: Arc<Semaphore>,
    patience: Duration,
    deadline: Duration,
    on_failure: Arc<dyn Fn(&Error) + Send + Sync>,
}

impl Works {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(options.works.max(1))),
            patience: options.patience,
            deadline: options.deadline,
            on_failure: Arc::clone(&options.on_failure),
        }
    }

    /// A job of one request, which may be done in several steps. Its time begins.
    pub(crate) fn job(&self) -> Job {
        Job { works: self.clone(), stop: Stop::after(self.deadline) }
    }
}

/// What is done for one request. Dropped, as it is where the client goes away, it ends.
pub(crate) struct Job {
    works: Works,
    stop: Stop,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Job {
    /// Runs a step where it may block, once it is its turn.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Stop) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = timeout(self.works.patience, Arc::clone(&self.works.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Problem::busy()) };
        let stop = self.stop.clone();
        let done = spawn_blocking(move || {
            let _turn = turn;
            step(&stop)
        });
        let error = match done.await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            // A panic, of which only the log may know more.
            Err(fault) => Error::new(ErrorKind::Failed, "a fault of this program").caused_by(fault),
        };
        let problem = Problem::from(&error);
        if problem.is_ours() {
            (self.works.on_failure)(&error);
        }
        Err(problem)
    }
}

/// How a store is asked: on the thread of the step.
pub(crate) fn in_place(stop: &Stop) -> Run<'static> {
    Run { stop: stop.clone(), ..Run::in_place() }
}
