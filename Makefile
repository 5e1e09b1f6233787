# The project's entry points. `make demo` and `make test` do all set-up on a Debian or Ubuntu machine that has Swift.

PACKAGES := libopenblas-dev liblapacke-dev libzmq3-dev libsodium-dev libsqlite3-dev zlib1g-dev libyaml-dev gnuplot-nox \
    curl ca-certificates binutils
# The tests of several hosts and of a real Slurm need these, and root; without root those tests are skipped.
TEST_PACKAGES := openssh-server openssh-client iproute2 util-linux slurm-wlm munge
BIN := .build/release
# A target imports only what Package.swift says. There a warning is an error, if this variable is set.
STRICT := --explicit-target-dependency-import-check error
# Suites that start no programs.
FAST_TESTS := ^(?!EndToEndTests\.|SimulatedClusterTests\.|FuzzTests\.)
# Suites that start no programs and train little: they run in minutes under a sanitizer.
SANITIZED_TESTS := ^(Collections|Files|Text|Console|Model|Sweep|Records|Wire|Scheduling|Cluster|Journal|Transport|Reporting|Fuzz|LinearAlgebra)Tests\.

help:
	@echo "make demo     set up, build, run the demo sweep (under two minutes) and draw its figure"
	@echo "make test     set up, build and run every test"
	@echo "make test-fast set up, build and run the tests that start no programs: under a minute after the build"
	@echo "make sanitize set up, build and run the suites that train little under the address and the thread sanitizer"
	@echo "make build    set up and build: $(BIN)/ranksweep and $(BIN)/ranksweep-worker"
	@echo "make bundle   set up, build, and pack the worker for hosts that have neither Swift nor its libraries"
	@echo "make format   format the sources with swift format"
	@echo "make help     this text"

demo: build
	@rm -rf runs/demo
	$(BIN)/ranksweep run sweeps/demo.yaml --out runs/demo
	@echo "The figure: runs/demo/figures/kl-and-rank.png"

# The tests train, so they run optimised; a folder of their own keeps the two builds from undoing each other.
TEST := RANKSWEEP_STRICT=1 swift test -c release -Xswiftc -enable-testing $(STRICT) --scratch-path .build/test
test: PACKAGES += $(if $(filter 0,$(shell id -u)),$(TEST_PACKAGES))
test: setup commit bundle
	$(TEST)

# The suites that start no programs: under a minute after the build.
test-fast: setup commit
	$(TEST) --filter '$(FAST_TESTS)'

# Leaks are not looked for: what lives until the program's end is no fault. The C kernels leave out their clones for several
# processors under the thread sanitizer, which cannot start with them.
sanitize: setup commit
	ASAN_OPTIONS=detect_leaks=0 swift test -c release -Xswiftc -enable-testing --sanitize=address \
	    --scratch-path .build/address --filter '$(SANITIZED_TESTS)'
	TSAN_OPTIONS='halt_on_error=1 suppressions="$(CURDIR)/Tests/thread-sanitizer.supp"' \
	    swift test -c release -Xswiftc -enable-testing --sanitize=thread \
	    --scratch-path .build/thread --filter '$(SANITIZED_TESTS)'

build: setup commit
	swift build -c release

bundle: setup commit
	cluster/bundle.sh

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

setup:
	@command -v swift >/dev/null || { \
	    echo "ranksweep needs Swift 6.2 or newer: https://www.swift.org/install/linux"; exit 1; }
	@missing=""; \
	for package in $(PACKAGES); do \
	    dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	    command -v apt-get >/dev/null || { echo "Install these Debian packages or their like first:$$missing"; exit 1; }; \
	    sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    echo "Installing with apt-get:$$missing"; \
	    $$sudo apt-get update -qq && \
	    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

# Which sources the programs are of: workers of others are told apart by it. Written only where it changes: what it is
# compiled into need not be built again then.
commit:
	@file=Sources/Support/CBuild/commit.inc; \
	hash=$$(git describe --always --abbrev=10 --exclude='*' 2>/dev/null || echo unknown); \
	if [ "$$hash" = unknown ] || [ -n "$$(git status --porcelain -- Sources Package.swift)" ]; then \
	    hash=$$hash+$$(find Sources Package.swift -type f ! -name commit.inc -print0 | LC_ALL=C sort -z | \
	        xargs -0 sha256sum | sha256sum | cut -c 1-8); \
	fi; \
	echo "\"$$hash\"" | cmp -s - $$file || echo "\"$$hash\"" > $$file

.PHONY: help demo test test-fast lint sanitize build bundle format setup commit
