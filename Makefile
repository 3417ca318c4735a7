# Two commands do it all: "make run" shows Outrider at work over a demo shop,
# "make test" runs every test. Both install what is missing.

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X main.release=$(VERSION)
BIN := bin

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: chromium build ## Build and start the demo: a shop, Outrider over it, and the addresses to open
	$(BIN)/outrider demo

.PHONY: build
build: ## Build the programs into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/outrider ./cmd/demoshop

.PHONY: test
test: browsers applications cc vet ## Run every test, integration tests included
	$(GO) test -race -timeout 14m ./...

.PHONY: vet
vet: ## Run go vet and check the formatting
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "not gofmt-ed: $$bad"; exit 1; fi
	$(GO) vet ./...

.PHONY: bench
bench: browsers applications peers-installed ## Run the benchmarks; figures are ratios to a baseline of the same run
	$(GO) test -run '^$$' -bench . -benchtime 2s ./...

RUNS ?= 200
.PHONY: apps
apps: browsers applications ## Do the journeys over real applications RUNS times in a row
	$(GO) test ./probes/browser/apps -run '^TestJourneys$$' -runs $(RUNS) -timeout 0 -v

ROUNDS ?= 5
.PHONY: peers
peers: browsers peers-installed ## Measure browser journeys beside chromedp, Playwright and k6, ROUNDS turns each
	$(GO) build -o $(BIN)/ ./probes/browser/peers
	cd probes/browser/peers && PATH="$$PATH:$(CURDIR)/$(BIN)" $(CURDIR)/$(BIN)/peers -rounds $(ROUNDS)

.PHONY: vitals
vitals: browsers applications peers-installed ## Compare Web Vitals with Lighthouse's, the median of 9 runs
	$(GO) test ./probes/browser/apps -run '^$$' -bench Vitals -benchtime 9x -timeout 0

.PHONY: peers-installed
peers-installed: node probes/browser/peers/node_modules
	@if ! command -v k6 >/dev/null && [ ! -x $(BIN)/k6 ]; then \
		echo "Building k6"; GOBIN=$(CURDIR)/$(BIN) $(GO) install go.k6.io/k6@v1.8.1; \
	fi

JOURNEYS ?= 1000
.PHONY: soak
soak: browsers ## Do JOURNEYS (1000) browser journeys in a row; fail if memory, processes, files or disk grow
	OUTRIDER_SOAK=$(JOURNEYS) $(GO) test -count=1 -v -timeout 2h -run '^TestSoak$$' ./cmd/demoshop

FUZZTIME ?= 20s
.PHONY: fuzz
fuzz: ## Run each fuzzer for FUZZTIME
	@set -e; for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "== $$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; done

.PHONY: generate
generate: ## Write the files that tests hold against the code: the JSON Schema, golden files
	$(GO) test ./checks -update

VITALS ?= 6.2.3
.PHONY: web-vitals
web-vitals: ## Update the embedded web-vitals library to version VITALS
	@set -e; js=probes/browser/js; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	npm pack --silent --pack-destination "$$tmp" web-vitals@$(VITALS) >/dev/null; tar -xzf "$$tmp"/*.tgz -C "$$tmp"; \
	cp "$$tmp/package/dist/web-vitals.attribution.iife.js" $$js/; cp "$$tmp/package/LICENSE" $$js/web-vitals.LICENSE; \
	sed -i 's/version [0-9.]*, by/version $(VITALS), by/' $$js/NOTICE

# A browser: the headless shell costs a third of full Chromium's CPU.
.PHONY: chromium
chromium:
	@if ! command -v chromium-headless-shell >/dev/null && ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then \
		echo "No Chromium found: installing chromium-headless-shell from Debian's packages"; \
		$(MAKE) --no-print-directory install PACKAGES="chromium-headless-shell fonts-liberation"; \
	fi

# Tests drive both builds: the headless shell, and full Chromium for the checks
# that ask for it.
.PHONY: browsers
browsers:
	@missing=; for p in chromium-headless-shell chromium; do command -v $$p >/dev/null || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
		echo "Installing$$missing from Debian's packages"; \
		$(MAKE) --no-print-directory install PACKAGES="$$missing fonts-liberation"; \
	fi

# Real applications for journeys to be tried on: from Debian's packages, PHP
# without the web server that it would bring along, and from npm.
APPLICATIONS := dokuwiki roundcube-core roundcube-sqlite3 dovecot-imapd php-cgi php-cli php-sqlite3
.PHONY: applications
applications: node probes/browser/apps/node_modules
	@if [ ! -e /usr/share/dokuwiki ] || [ ! -e /usr/share/roundcube ] || [ ! -e /usr/sbin/dovecot ] || ! command -v php >/dev/null; then \
		echo "Installing DokuWiki, Roundcube and Dovecot from Debian's packages"; \
		$(MAKE) --no-print-directory install PACKAGES="$(APPLICATIONS)"; \
	fi

%/node_modules: %/package.json %/package-lock.json
	cd $* && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: node
node:
	@if ! command -v npm >/dev/null; then \
		$(MAKE) --no-print-directory install PACKAGES="nodejs npm"; \
	fi

# The race detector needs a C compiler.
.PHONY: cc
cc:
	@if ! command -v gcc >/dev/null && ! command -v clang >/dev/null && ! command -v cc >/dev/null; then \
		$(MAKE) --no-print-directory install PACKAGES="gcc libc6-dev"; \
	fi

.PHONY: install
install:
	@sudo=; if [ "$$(id -u)" != 0 ]; then sudo=sudo; fi; \
	$$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BIN)
