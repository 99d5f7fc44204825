//! Any bytes: where the gate accepts a line of them as an Item, the columns give the same JSON back.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stacyard_geoparquet::fuzz::round_trip(bytes));
