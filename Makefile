# kbsearch: `make demo` and `make test` set up everything they need; `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
BENCH := .venv-bench/bin
BENCH_READY := .venv-bench/.ready
SIZES ?= 1000 10000 100000 166667
INDEX ?= .demo/smart_devices
INDUSTRIES := smart_devices telecom ecommerce finance
SPLIT ?= test
DATA ?= ../shared/data
# PyTorch is installed first and pinned: left to its dependants' open ranges, pip may fetch another
# build with gigabytes of accelerator libraries. Builds of 50 articles and more, training and
# sentence-transformers need it; searching does not.
TORCH := torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help demo index test lint content-check eval bench bench-quick bench-encoder bench-ranking bench-recommend eval-recommend fit-recommend encoder defaults fingerprint crash-test clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1\t/' | expand -t 14

demo: index ## build the index of corpora/smart_devices and answer example questions
	@for question in 手表电池不够用 我的手表连不上手机 智能空调不制冷; do \
		printf '\n\033[1m» %s\033[0m\n' "$$question"; \
		$(BIN)/kbsearch search "$$question" --index $(INDEX) --top 3 || exit 1; \
	done
	@printf '\n\033[1m» kbsearch recommend 智能空调不制冷\033[0m\n'
	@$(BIN)/kbsearch recommend 智能空调不制冷 --index $(INDEX)
	@printf '\n索引位于 %s；试试：%s/kbsearch search "门锁打不开" --index %s\n' "$(abspath $(INDEX))" "$(BIN)" "$(INDEX)"

index: $(READY) ## build the index of corpora/smart_devices
	@$(BIN)/kbsearch build corpora/smart_devices --index $(INDEX)

test: lint ## lint, types, layer contract and the whole test suite
	$(BIN)/pytest -q

lint: $(READY) ## format, lint, types, layer contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

content-check: $(READY) ## check articles and query sets: counts, splits, leaks, duplicates
	@for industry in $(INDUSTRIES); do $(BIN)/kbsearch validate corpora/$$industry || exit 1; done
	$(BIN)/pytest -q tests/content

eval: $(READY) ## accuracy on the query sets in eval/, reports in .demo/: SPLIT=test (the default) or dev
	@for industry in $(INDUSTRIES); do \
		$(BIN)/kbsearch build corpora/$$industry --index .demo/$$industry && \
		$(BIN)/kbsearch eval eval/$$industry/$(SPLIT).jsonl --index .demo/$$industry \
			--history eval/$$industry/history.jsonl --report .demo/$${industry}_$(SPLIT).html || exit 1; \
	done

bench: $(BENCH_READY) ## kbsearch, its peers and the machine's limits up to a million questions; SIZES="1000 10000"
	OMP_NUM_THREADS=1 $(BENCH)/python -m benchmarks.scale --sizes $(SIZES)

bench-quick: $(BENCH_READY) ## the same at 1,000 and 10,000 articles with the fast peers, in minutes
	OMP_NUM_THREADS=1 $(BENCH)/python -m benchmarks.scale --quick \
		--json .demo/scale_quick.json --plots .demo/plots

bench-encoder: $(READY) ## encoders side by side on development sets (needs $(DATA) and make encoder)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_encoder.py --data $(DATA)

bench-ranking: $(READY) ## what each part of the ranking adds, on SPLIT=test (the default) or dev
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_ranking.py --split $(SPLIT)

bench-recommend: $(READY) ## time of a recommendation at 10,000 articles
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_recommend.py

eval-recommend: $(READY) ## recommendations on the sets in eval/: SPLIT=test (the default) or dev
	@for industry in $(INDUSTRIES); do \
		$(BIN)/kbsearch build corpora/$$industry --index .demo/$$industry && \
		$(BIN)/kbsearch eval-recommend eval/$$industry/recommend_$(SPLIT).jsonl --index .demo/$$industry \
			--report .demo/$${industry}_recommend_$(SPLIT).html || exit 1; \
	done

fit-recommend: $(READY) ## fit the weights of recommendation on the dev sets of eval/
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/fit_recommend.py

defaults: $(READY) ## fit the default weights of ranking and confidence on development sets (needs $(DATA))
	$(BIN)/python benchmarks/fit_defaults.py --data $(DATA)

encoder: $(READY) ## train the bundled encoder anew, first without a tenth of the groups to measure (needs $(DATA))
	OMP_NUM_THREADS=1 $(BIN)/python -m kbsearch.training --data $(DATA) --groups corpora/paraphrases \
		--work .demo/teacher --hold-out 0.1 --out .demo/encoder_dev
	OMP_NUM_THREADS=1 $(BIN)/python -m kbsearch.training --data $(DATA) --groups corpora/paraphrases \
		--work .demo/teacher --figures .demo/encoder_dev/figures.json --out kbsearch/encoders/bundled

fingerprint: $(READY) ## whether search still ranks every query of eval/ as when fingerprint.json was written
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/fingerprint.py

crash-test: $(READY) ## kill builds and updates at random moments, 50 times each
	$(BIN)/python benchmarks/crash_test.py

clean: ## remove the environment and everything built
	rm -rf .venv .venv-bench .demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kbsearch needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

# The peers have an environment of their own: what they depend on is nothing to kbsearch.
$(BENCH_READY): pyproject.toml
	test -x $(BENCH)/python || $(PYTHON) -m venv .venv-bench
	$(BENCH)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BENCH)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $(BENCH_READY)
