# Verdict. `make demo` runs the main job, `make test` passes all tests; both set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/verdict
# Build output lives outside the clone, so that a second clone, and CI, begin warm.
export CARGO_TARGET_DIR ?= $(CACHE)/target
export VERDICT_VENV ?= $(CACHE)/venv
CARGO := cargo

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Run everything on a real Kafka until Ctrl-C (CONSUMERS=n, ARGS="--web-port 8081 …"; ARGS=--help)
	@tools/setup.sh demo
	$(CARGO) build --locked --no-default-features -p verdict-demo -p verdict-consumer -p verdict-producer -p verdict-trainer -p verdict-web
	@exec "$$CARGO_TARGET_DIR/debug/demo" $(if $(CONSUMERS),--consumers $(CONSUMERS)) $(ARGS)

.PHONY: test
test: setup ## Pass all tests
	@tools/test.sh

.PHONY: setup
setup:
	@tools/setup.sh test

.PHONY: lint
lint: require ## Formatting, clippy and docs, all warnings errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

.PHONY: wheel
wheel: ## Build the Python package verdict: dist/verdict-*.whl (docs/python.md)
	@tools/setup.sh wheel
	"$$VERDICT_VENV/bin/maturin" build --locked --release --manifest-path bindings/python/Cargo.toml --out dist

.PHONY: model
model: require ## Retrain models/default (DATA=path to aclImdb_v1.tar.gz; fetched if it is not given)
	$(CARGO) build --locked --release -p verdict-trainer
	@data="$(DATA)"; trainer="$$CARGO_TARGET_DIR/release/trainer"; \
	if [ -z "$$data" ]; then "$$trainer" data fetch; data=data/raw/aclImdb_v1.tar.gz; fi; \
	"$$trainer" train --data "$$data"; \
	"$$trainer" evaluate --data "$$data" --card models/default/MODEL_CARD.md

.PHONY: pictures
pictures: require ## Draw docs/pictures anew (DATA=path to aclImdb_v1.tar.gz; needs chromium, graphviz, pngquant)
	@tools/pictures.py "$(or $(DATA),data/raw/aclImdb_v1.tar.gz)"

.PHONY: kafka
kafka: require ## Run a real Apache Kafka alone on 127.0.0.1:9092 until Ctrl-C (ARGS="--port … --data …")
	@tools/kafka/install.sh
	$(CARGO) run --locked -p verdict-kafka --bin kafka-local -- run $(ARGS)

.PHONY: bench
bench: require ## Criterion benchmarks of the scoring core
	$(CARGO) bench --locked -p verdict-sentiment

.PHONY: bench-telemetry
bench-telemetry: require ## What metrics and watching cost of scoring, paired in one run (DATA=path to aclImdb_v1.tar.gz)
	VERDICT_IMDB="$(realpath $(or $(DATA),data/raw/aclImdb_v1.tar.gz))" $(CARGO) bench --locked -p verdict-consumer --bench telemetry

.PHONY: chaos
chaos: require ## Kill, freeze and cut off what carries reviews, and count their outcomes: dist/chaos.json (some 45 minutes)
	$(CARGO) build --locked -p verdict-chaos -p verdict-consumer
	@mkdir -p dist && "$$CARGO_TARGET_DIR/debug/chaos" $(ARGS) | tee dist/chaos.json

.PHONY: bench-peers
bench-peers: require ## scikit-learn, fastText, Vowpal Wabbit and others beside Verdict, in one run (DATA=path to aclImdb_v1.tar.gz)
	$(CARGO) build --locked --release -p verdict-trainer
	python3 benches/peers/run.py --data "$(or $(DATA),data/raw/aclImdb_v1.tar.gz)" --trainer "$$CARGO_TARGET_DIR/release/trainer" $(ARGS)

.PHONY: bench-scale
bench-scale: ## Consumers on a real Kafka: CPU, bytes, lag as members change; plan and KEDA from that (DATA=path to aclImdb_v1.tar.gz)
	@tools/setup.sh test
	$(CARGO) build --locked --release -p verdict-consumer -p verdict-producer -p verdict-kafka
	"$$VERDICT_VENV/bin/python" benches/scale/measure.py --data "$(or $(DATA),data/raw/aclImdb_v1.tar.gz)" --binaries "$$CARGO_TARGET_DIR/release" $(ARGS)
	python3 benches/scale/plan.py && python3 benches/scale/keda.py

.PHONY: manifests
manifests: require ## Write what k8s/ takes from observability/
	@set -o pipefail; $(CARGO) run --locked --quiet -p verdict-manifests > k8s/components/monitoring/prometheus-rules.yaml.new \
	  && mv k8s/components/monitoring/prometheus-rules.yaml.new k8s/components/monitoring/prometheus-rules.yaml

.PHONY: pipeline
pipeline: require ## Run the training pipeline (DVC) and say what it changes against BASE: dist/pipeline.md
	@tools/ci/pipeline.sh

.PHONY: promote
promote: ## Let the model that the pipeline has registered serve, if the gate accepts it (MLFLOW_TRACKING_URI)
	@tools/ci/promote.sh

.PHONY: compose-test
compose-test: ## Build the images, run docker-compose.yml and try to break it (ARGS="--pull …"; needs Docker, or root to start one)
	@tools/compose-test/run.sh $(ARGS)

.PHONY: require
require:
	@tools/setup.sh build
