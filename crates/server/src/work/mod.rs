//! The blocking side. Stores are synchronous, so that each request that asks them is a job on a thread for such. Only so many
//! work at once: others wait for their turn, and are refused where it does not come soon, as a queue that grows helps nobody. A
//! job ends at its deadline, or when its client goes away.

use std::sync::Arc;
use std::time::Duration;

use stacyard_search::{Stop, Stopped};
use stacyard_store::{Error, ErrorKind, Run};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::task_local;
use tokio::time::timeout;

use crate::options::Options;
use crate::problem::Problem;

/// A page of more Items is long work.
const LONG_PAGE: u64 = 1_000;

/// Long work waits for its turn so many times as long as other work.
const LONG_PATIENCE: u32 = 5;

/// So many answers may be taken by clients at once, part by part: each holds memory or temporary files.
const OPEN: usize = 256;

/// What the bodies of all requests hold in memory at most (256 MiB), in units of 64 KiB.
const BODIES: usize = 256 << 20;
const UNIT: usize = 64 << 10;

/// What an answer holds in memory before it goes to a temporary file (16 MiB).
const MEMORY: usize = 16 << 20;

/// The same of an answer without pages (64 MiB).
const MEMORY_OF_WHOLE: usize = 64 << 20;

task_local! {
    /// The route of the request that is worked for.
    static ROUTE: Arc<str>;
}

/// Does what a request needs; what the stores do for it is known to be of this route.
pub(crate) async fn of_route<T>(route: Arc<str>, request: impl Future<Output = T>) -> T {
    ROUTE.scope(route, request).await
}

/// The route for which this thread or task works; of what no request waits for, `none`.
pub(crate) fn route() -> Arc<str> {
    ROUTE.try_with(Arc::clone).unwrap_or_else(|_| "none".into())
}

/// Who works for requests.
#[derive(Clone)]
pub(crate) struct Works {
    turns: Arc<Semaphore>,
    /// The turns of long work. They are half of all, so that whoever wants little gets it meanwhile.
    long_turns: Arc<Semaphore>,
    /// Answers that clients are still taking.
    open: Arc<Semaphore>,
    /// Large bodies that are held.
    held: Arc<Semaphore>,
    /// Answers without pages that are in the making.
    wholes: Arc<Semaphore>,
    preparation: Duration,
    probes: Arc<Semaphore>,
    /// What bodies may hold in memory, in units.
    bodies: Arc<Semaphore>,
    patience: Duration,
    deadline: Duration,
    most: usize,
}

impl Works {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(options.works.max(1))),
            long_turns: Arc::new(Semaphore::new((options.works / 2).max(1))),
            most: options.works.max(1),
            open: Arc::new(Semaphore::new(OPEN)),
            // What is done with them takes long: others need turns, too.
            held: Arc::new(Semaphore::new((options.works / 2).max(1))),
            wholes: Arc::new(Semaphore::new(options.wholes.max(1))),
            preparation: options.preparation,
            probes: Arc::new(Semaphore::new(1)),
            bodies: Arc::new(Semaphore::new(BODIES / UNIT)),
            patience: options.patience,
            deadline: options.deadline,
        }
    }

    /// The right to hold a large body.
    pub(crate) fn hold(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.held).try_acquire_owned().map_err(|_| Problem::busy())
    }

    /// How long a request waits for its turn, and for what others do.
    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }

    /// How many requests the stores are working for, and how many answers are open.
    pub(crate) fn under_way(&self) -> [usize; 2] {
        [
            self.most - self.turns.available_permits().min(self.most),
            OPEN - self.open.available_permits().min(OPEN),
        ]
    }

    /// A job of one request, which may be done in several steps. Its time begins.
    pub(crate) fn job(&self) -> Job {
        self.job_until(Stop::after(self.deadline))
    }

    /// A job that may read much.
    pub(crate) fn long_job(&self) -> Job {
        let mut job = self.job();
        job.is_long = true;
        job
    }

    /// A job that gets a page of so many Items.
    pub(crate) fn job_of_page(&self, items: u64) -> Job {
        if items > LONG_PAGE { self.long_job() } else { self.job() }
    }

    /// The right to hold a body of so many bytes in memory.
    pub(crate) fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let units = u32::try_from((bytes / UNIT + 1).min(BODIES / UNIT)).unwrap_or(u32::MAX);
        Arc::clone(&self.bodies).try_acquire_many_owned(units).map_err(|_| Problem::busy())
    }

    /// A job that no request waits for alone.
    pub(crate) fn background(&self) -> Job {
        self.job_until(Stop::after(self.preparation))
    }

    fn job_until(&self, stop: Stop) -> Job {
        Job { works: self.clone(), route: route(), stop, is_long: false, turn: None }
    }

    /// The right to look whether the stores are there: one at a time, so that a store that hangs holds one thread.
    pub(crate) async fn probe(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let turn = timeout(self.patience, Arc::clone(&self.probes).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(Problem::unready)
    }

    /// A job for an answer without pages. It has its own turn until it is let go: such answers wait for each other, and not others for
    /// them. No time is set for all of it: what makes progress goes on, as long as its client is there.
    pub(crate) async fn whole(&self) -> Result<Job, Problem> {
        let turn = timeout(self.patience, Arc::clone(&self.wholes).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Problem::busy()) };
        let mut job = self.job_until(Stop::when_cancelled());
        job.turn = Some(turn);
        Ok(job)
    }
}

/// What is done for one request. Dropped, as it is where the client goes away, it ends.
pub(crate) struct Job {
    works: Works,
    route: Arc<str>,
    stop: Stop,
    /// Whether it may read much.
    is_long: bool,
    /// Of an answer without pages, the right to work.
    turn: Option<OwnedSemaphorePermit>,
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
        let turns = self.turns().await?;
        self.go_on(move |stop| {
            let _turns = turns;
            step(stop)
        })
        .await
    }

    /// The right to work now.
    async fn turns(&self) -> Result<[Option<OwnedSemaphorePermit>; 2], Problem> {
        let Works { turns, long_turns, patience, .. } = &self.works;
        let patience = if self.is_long { *patience * LONG_PATIENCE } else { *patience };
        let all = async {
            let long = if self.is_long { Some(Arc::clone(long_turns).acquire_owned().await?) } else { None };
            Ok::<_, AcquireError>([long, Some(Arc::clone(turns).acquire_owned().await?)])
        };
        timeout(patience, all).await.ok().and_then(Result::ok).ok_or_else(Problem::busy)
    }

    /// Prepares an answer without pages, up to its first byte.
    pub(crate) async fn prepare<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Stop) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let limit = self.works.preparation;
        timeout(limit, self.go_on(step)).await.unwrap_or_else(|_| {
            self.stop.cancel();
            Err(Problem::from(Error::from(Stopped::Late { allowed: limit })))
        })
    }

    /// All is made, and others may work while it is handed out.
    #[must_use]
    pub(crate) fn done(mut self) -> Self {
        self.turn = None;
        self.unhurried()
    }

    /// The answer is under way: its time is that of its client from now on.
    #[must_use]
    pub(crate) fn unhurried(mut self) -> Self {
        self.stop = Stop::when_cancelled();
        self
    }

    /// The next part of what is handed out, which has the time of a whole request.
    pub(crate) async fn part<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Stop) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let limit = self.works.deadline;
        let late = |_| Err(Problem::from(Error::from(Stopped::Late { allowed: limit })));
        timeout(limit, self.go_on(step)).await.unwrap_or_else(late)
    }

    /// The right to hand an answer out part by part.
    pub(crate) fn open(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.works.open).try_acquire_owned().map_err(|_| Problem::busy())
    }

    /// Runs a step of what was begun, which asks the stores for a number at most: it needs no turn, and is not refused.
    pub(crate) async fn go_on<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Stop) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let (stop, route) = (self.stop.clone(), Arc::clone(&self.route));
        let done = spawn_blocking(move || {
            stop.check()?;
            ROUTE.sync_scope(route, || step(&stop))
        });
        match done.await {
            Ok(done) => done.map_err(Problem::from),
            // A panic, of which only the log may know more.
            Err(fault) => {
                let fault = Error::new(ErrorKind::Failed, "a fault of this program").caused_by(fault);
                Err(Problem::from(fault))
            }
        }
    }
}

/// How a store is asked: on the thread of the step.
pub(crate) fn in_place(stop: &Stop) -> Run<'static> {
    Run { stop: stop.clone(), memory: MEMORY, ..Run::in_place() }
}

/// How a store is asked for an answer without pages: on all cores.
pub(crate) fn on_all_cores(stop: &Stop) -> Run<'static> {
    Run { stop: stop.clone(), memory: MEMORY_OF_WHOLE, ..Run::default() }
}
