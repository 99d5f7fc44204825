//! The conformance suite over files of every layout.

use stacyard_store::conformance;

use crate::search_tests::write;
use crate::{GeoParquet, Options, Order};

fn check(options: impl Fn() -> Options) {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::check(&mut |items| {
        number += 1;
        let folder = folder.path().join(number.to_string());
        std::fs::create_dir(&folder).unwrap();
        Box::new(GeoParquet::open(&write(items, &folder, options()), 1 << 20).unwrap())
    });
}

#[test]
fn rows_in_space_and_time_in_small_row_groups() {
    check(|| Options { row_group_rows: 20, threads: 2, ..Options::default() });
}

#[test]
fn rows_by_time_in_one_row_group() {
    check(|| Options { order: Order::Time, threads: 1, ..Options::default() });
}

/// Pages that are unpacked in another way, and rows as they came.
#[test]
fn rows_in_the_order_of_the_input_packed_by_another_codec() {
    let compression = crate::parse_compression("snappy").unwrap();
    check(|| Options {
        order: Order::Input,
        row_group_rows: 50,
        compression,
        threads: 1,
        ..Options::default()
    });
}
