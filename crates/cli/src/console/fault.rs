//! What is not foreseen: a panic is a failure as any other, with a message, the status of one and nothing left behind.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

use stacyard_store::Error;

use crate::console::report;

/// What the first panic said, and where.
static SAID: Mutex<Option<String>> = Mutex::new(None);

/// From now on each panic is logged as it comes: one ends a request, and not the command.
pub(crate) fn log_each(json_log: bool) {
    panic::set_hook(Box::new(move |panic| {
        let fault = Error::failed(format!("a fault of this program: {}", said(panic)));
        report::error(&fault.remedy("please report it, with what was asked"), json_log);
    }));
}

fn said(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{}{place}", panic.payload_as_str().unwrap_or("a panic"))
}

/// Runs a command; where it panics, that is its error. What it had under way is dropped, temporary files with it.
pub(crate) fn caught<T>(command: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    panic::set_hook(Box::new(|panic| {
        let mut kept = SAID.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert_with(|| said(panic));
    }));
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        let said = SAID.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        // What libraries say whose memory or threads the system does not grant.
        let is_short = ["null pointer", "OS can't spawn", "memory"].iter().any(|part| said.contains(part));
        Err(if is_short {
            Error::failed(format!("the system gives no more memory or threads: {said}"))
                .remedy("allow more memory (ulimit -v) and threads (ulimit -u), or use fewer --threads")
        } else {
            Error::failed(format!("a fault of this program: {said}"))
                .remedy("please report it, with the command and what it reads")
        })
    })
}
