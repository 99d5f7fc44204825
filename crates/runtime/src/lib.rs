//! The threads that connections to servers run on, one runtime for the process, and waiting for what they bring, from any thread.

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::{Builder, Runtime};
use tokio::task::unconstrained;

/// A runtime, and the process that has started it: one that is forked off it has none of its threads. It is never dropped: that would panic on
/// a thread of another one.
type Started = (u32, &'static Runtime);

/// One for the process, however many stores are open.
static RUNTIME: OnceLock<Started> = OnceLock::new();

/// That of a process which was forked off one that had a runtime.
static AFTER_FORK: Mutex<Option<Started>> = Mutex::new(None);

/// The runtime, which the first to ask for it starts.
///
/// # Errors
/// A system that gives no more threads.
pub fn shared() -> io::Result<&'static Runtime> {
    let process = std::process::id();
    let Some((of, runtime)) = RUNTIME.get() else {
        let started = started()?;
        // Where another thread was faster, this one has a thread that sleeps from now on.
        return Ok(RUNTIME.get_or_init(|| (process, started)).1);
    };
    if *of == process {
        return Ok(runtime);
    }
    let mut forked = AFTER_FORK.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, runtime)) = forked.filter(|(of, _)| *of == process) {
        return Ok(runtime);
    }
    let runtime = started()?;
    *forked = Some((process, runtime));
    Ok(runtime)
}

fn started() -> io::Result<&'static Runtime> {
    let runtime = Builder::new_multi_thread()
        // It only moves bytes: whatever else is to be done, those do who wait.
        .worker_threads(1)
        .thread_name("connections")
        .enable_all()
        .build()?;
    Ok(Box::leak(Box::new(runtime)))
}

/// Waits for an answer. Unlike `Runtime::block_on` it may be called on a thread of a runtime of the caller's, which it blocks, as all
/// calls of a store do.
pub fn wait<T>(runtime: &Runtime, answer: impl Future<Output = T>) -> T {
    let _entered = runtime.enter();
    let alarm = Arc::new(Alarm { thread: thread::current(), has_rung: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&alarm));
    let mut context = Context::from_waker(&waker);
    // A task of the caller's has a budget, after which nothing would ever be ready within it.
    let mut answer = pin!(unconstrained(answer));
    loop {
        if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
            return answer;
        }
        // Others may have used up the token of the thread, or given it one.
        while !alarm.has_rung.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

/// Wakes the thread that waits.
struct Alarm {
    thread: Thread,
    has_rung: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
