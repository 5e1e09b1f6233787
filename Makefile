# The project's entry points. `make demo` and `make test` do all set-up on a Debian or Ubuntu machine that has Swift.

PACKAGES := libopenblas-dev liblapacke-dev libzmq3-dev libsodium-dev libsqlite3-dev zlib1g-dev libyaml-dev gnuplot-nox \
    curl ca-certificates binutils
# The tests of several hosts, of a real Slurm and of the manual pages need these; without root those tests are skipped.
TEST_PACKAGES := groff-base openssh-server openssh-client iproute2 util-linux slurm-wlm munge
BIN := .build/release
# Where install puts everything; a package's folder is put before it.
PREFIX := /usr/local
DESTDIR :=
# The programs that are installed: those with Swift linked into them.
BINARIES := .build/static/release
SWIFT := 6.2
# A target imports only what Package.swift says. There a warning is an error, if this variable is set.
STRICT := --explicit-target-dependency-import-check error
# Suites that start no programs.
FAST_TESTS := ^(?!EndToEndTests\.|SimulatedClusterTests\.|FuzzTests\.)
# Suites that start no programs and train little: they run in minutes under a sanitizer.
SANITIZED_TESTS := Collections|Files|Text|Console|Model|Sweep|Records|Wire|Scheduling|Cluster|Journal|Transport|Reporting
SANITIZED_TESTS := ^($(SANITIZED_TESTS)|Fuzz|LinearAlgebra|CoordinatorService|WorkerService)Tests\.

help:
	@echo "make demo     set up, build, run the demo sweep (under two minutes) and draw its figure"
	@echo "make reproduce run every recipe whole (hours; DATA=DIR, RECIPES=…) and write docs/results and the gallery"
	@echo "make test     set up, build and run every test"
	@echo "make test-fast set up, build and run the tests that start no programs: under a minute after the build"
	@echo "make sanitize set up, build and run the suites that train little under the address and the thread sanitizer"
	@echo "make build    set up and build: $(BIN)/ranksweep and $(BIN)/ranksweep-worker"
	@echo "make bundle   set up, build, and pack the worker for hosts that have neither Swift nor its libraries"
	@echo "make static   set up, and build the programs with Swift linked into them ($(BINARIES))"
	@echo "make install  build and install to $(PREFIX) (PREFIX=…): programs, recipes, man pages, completions"
	@echo "make uninstall remove what install made there"
	@echo "make deb      build a Debian package; make try-deb tries it in a bare Debian, make image puts it into an OCI image"
	@echo "make lint     check the formatting"
	@echo "make format   format the sources with swift format"
	@echo "make help     this text"
	@command -v swift >/dev/null || { echo; cluster/packaging/swift-is-missing.sh $(SWIFT) || true; }

reproduce: build
	python3 docs/benchmarks/reproduce.py $(if $(DATA),--data $(DATA)) $(RECIPES)

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

static: bundle
	cluster/static.sh ranksweep

# Only the owner of the sources builds: a build by `sudo make install` would leave files in .build that only root can change.
install:
	@if [ -O Makefile ] && command -v swift >/dev/null && [ $(BINARIES) = .build/static/release ]; then $(MAKE) static; fi
	cluster/packaging/install.sh $(BINARIES) "$(DESTDIR)" "$(PREFIX)"

uninstall:
	cluster/packaging/uninstall.sh "$(DESTDIR)" "$(PREFIX)"

deb: static
	cluster/packaging/deb.sh $(BINARIES)

# The newest package.
DEB = $$(ls -t .build/ranksweep_*.deb | head -n 1)
try-deb: deb
	cluster/packaging/try-deb.sh $(DEB)

image: deb
	cluster/packaging/image.sh $(DEB)

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

setup:
	@found=$$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*[.][0-9]*\).*/\1/p'); \
	[ -n "$$found" ] && printf '%s\n' $(SWIFT) "$$found" | sort -CV || cluster/packaging/swift-is-missing.sh $(SWIFT) $$found
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

# Identifies the sources that the programs are built from, so that workers built from others are recognised. It is written
# only if it changed, so that nothing is rebuilt needlessly.
commit:
	@file=Sources/Support/CBuild/commit.inc; \
	hash=$$(git describe --always --abbrev=10 --exclude='*' 2>/dev/null || echo unknown); \
	if [ "$$hash" = unknown ] || [ -n "$$(git status --porcelain -- Sources Package.swift)" ]; then \
	    hash=$$hash+$$(find Sources Package.swift -type f ! -name commit.inc -print0 | LC_ALL=C sort -z | \
	        xargs -0 sha256sum | sha256sum | cut -c 1-8); \
	fi; \
	echo "\"$$hash\"" | cmp -s - $$file || echo "\"$$hash\"" > $$file

.PHONY: help demo test test-fast lint sanitize build bundle static install uninstall deb try-deb image format setup commit
