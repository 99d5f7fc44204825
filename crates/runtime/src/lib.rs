//! The threads that connections to servers run on, one runtime for the process, and waiting for what they bring, from any thread.

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::{Builder, Runtime};
use tokio::task::unconstrained;

/// One for the process, however many stores are open. It is never dropped: that would panic on a thread of another one.
static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The runtime, which the first to ask for it starts.
///
/// # Errors
/// A system that gives no more threads.
pub fn shared() -> io::Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let started = Builder::new_multi_thread()
        // It only moves bytes: whatever else is to be done, those do who wait.
        .worker_threads(1)
        .thread_name("connections")
        .enable_all()
        .build()?;
    if let Err(late) = RUNTIME.set(started) {
        // Another thread was faster.
        late.shutdown_background();
    }
    RUNTIME.get().ok_or_else(|| io::Error::other("there is no runtime"))
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
