//! Tests of more than one file.

mod chosen;
mod columns;
mod conformance;
mod damage;
mod dataset;
mod dataset_together;
mod folder;
mod folder_of_others;
mod foreign;
mod foreign_columns;
mod foreign_items;
mod foreign_random;
mod replaced;
mod round_trip;
mod search;
mod splice;
mod tally;
mod written;
