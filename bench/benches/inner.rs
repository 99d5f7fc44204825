//! What happens to every Item that comes in: the tape parse, and the gate.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use stacyard_bench::{Catalog, Recipe, Style};
use stacyard_model::json::Tape;
use stacyard_model::{Gate, Grade};

fn inner(criterion: &mut Criterion) {
    for (name, style) in [("big", Style::Big), ("small", Style::Small), ("demo", Style::Demo)] {
        let mut catalog = Catalog::new(Recipe { seed: 7, items: 200, broken: 0, style });
        let items: Vec<_> = (0..200).map(|index| catalog.item(index).to_vec()).collect();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(items.iter().map(|item| item.len() as u64).sum()));
        group.bench_with_input(BenchmarkId::from_parameter("tape"), &items, |bencher, items| {
            let mut tape = Tape::new();
            bencher.iter(|| {
                for item in items {
                    black_box(tape.parse(black_box(item)).is_ok());
                }
            });
        });
        for (grade, gate) in [("gate", Gate::new(Grade::Default)), ("gate, strict", Gate::new(Grade::Strict))]
        {
            group.bench_with_input(BenchmarkId::from_parameter(grade), &items, |bencher, items| {
                let mut tape = Tape::new();
                bencher.iter(|| {
                    for item in items {
                        let accepted =
                            tape.parse(black_box(item)).is_ok_and(|item| gate.item(item).is_accepted());
                        black_box(accepted);
                    }
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, inner);
criterion_main!(benches);
