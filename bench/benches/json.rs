//! The tape parse of whole Items: the first thing that happens to every byte that comes in.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use stacyard_bench::{Catalog, Recipe, Style};
use stacyard_model::json::Tape;

fn tape(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tape");
    for (name, style) in [("big", Style::Big), ("small", Style::Small), ("demo", Style::Demo)] {
        let mut catalog = Catalog::new(Recipe { seed: 7, items: 200, broken: 0, style });
        let items: Vec<_> = (0..200).map(|index| catalog.item(index).to_vec()).collect();
        group.throughput(Throughput::Bytes(items.iter().map(|item| item.len() as u64).sum()));
        group.bench_with_input(BenchmarkId::from_parameter(name), &items, |bencher, items| {
            let mut tape = Tape::new();
            bencher.iter(|| {
                for item in items {
                    black_box(tape.parse(black_box(item)).is_ok());
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, tape);
criterion_main!(benches);
