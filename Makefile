# Everything that is done here has a target; `make` lists them.
# The build goes to $CARGO_TARGET_DIR where that is set, else to target/.

.DEFAULT_GOAL := help
.PHONY: help demo web screenshots test test-full test-python wheel bench bench-inner bench-server bench-pgstac bench-remote bench-dataset bench-python bench-pages soak fuzz lint docs clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r t d; do printf '  make %-12s %s\n' "$$t" "$$d"; done

demo: ## Build, make a catalog of 20,000 Items, validate it, copy it to GeoParquet, ask it a question, serve it as an API and as pages
	@scripts/demo.sh

test: ## Every test; installs what it needs and says so
	@scripts/test.sh

test-full: ## The same, with the slow tests and many more random cases
	@scripts/test.sh full

test-python: ## The Python package alone: its wheel in a clean environment (a part of `make test`, which has a database for it too)
	@scripts/wheel.sh test

web: ## The map and the scripts of the pages, which a build packs into the binary (npm)
	@bash -euc 'source scripts/setup.sh; need_web'

screenshots: ## Pictures of the pages over the catalog of the demo, in docs/images/
	@scripts/screenshots.sh

wheel: ## The wheel and the sdist of the Python package, in dist/
	@scripts/wheel.sh

bench: ## Measure beside the peers and write docs/benchmarks.md (N=100000 RUNS=3; needs 8 GB of disk)
	@scripts/bench.sh

bench-server: ## Measure the API beside others and write docs/benchmarks-server.md (N=100000 SMALL=1000000; needs 8 GB of disk)
	@scripts/bench_server.sh

bench-pgstac: ## Measure pgstac beside pypgstac and others and write docs/benchmarks-pgstac.md (N=100000; needs 8 GB of disk)
	@scripts/bench_pgstac.sh

bench-dataset: ## Measure datasets beside deltalake and DuckDB and write docs/benchmarks-dataset.md (N=1000000; needs 45 GB of disk, most of it for `optimize`)
	@scripts/bench_dataset.sh

bench-remote: ## Measure what goes over HTTP beside others and write docs/benchmarks-remote.md (N=100000 SMALL=1000000; needs 8 GB of disk)
	@scripts/bench_remote.sh

bench-python: ## Measure the Python package beside rustac, stac-geoparquet, stac-pydantic and duckdb (N=100000)
	@scripts/bench_python.sh

bench-pages: ## Measure the pages in Chromium, and tiles: first view, pan and zoom, weight (N=1000000 Items in one GeoParquet file)
	@scripts/bench_pages.sh

soak: ## Readers, writers, slow and silent clients at the API for five minutes (SECONDS_ALL=300)
	@scripts/soak.sh

bench-inner: ## Criterion benches of the inner loops
	cargo bench --workspace --benches

fuzz: ## Any bytes, five minutes for each target; needs a nightly compiler and cargo-fuzz
	cargo +nightly fuzz run round_trip -- -max_total_time=300 -max_len=65536
	cargo +nightly fuzz run cql2 -- -max_total_time=300

lint: ## Format, clippy, the direction of dependencies, shell scripts
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings
	scripts/check-deps.sh
	scripts/check-rooms.sh
	@if command -v shellcheck >/dev/null; then shellcheck scripts/*.sh .ci/run; else echo 'skipped: no shellcheck'; fi

docs: ## The API documentation
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps

clean: ## Remove what was built and made
	cargo clean
	rm -rf demo dist
