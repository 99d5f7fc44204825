//! The gate against real data, the official JSON Schemas, and hand-written objects. What needs `../shared/data` says
//! `skipped` where that folder is absent.

mod bases;
mod data;
mod differential;
mod messages;
mod migrated;
mod mutations;
mod real;
