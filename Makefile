# Everything a colleague does here has one short name. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help demo check test race fuzz audit soak bench generate screens build ci

# Where the numbers of `make bench` are taken; any postgres:// or sqlite: address.
DB ?= sqlite:$(shell mktemp -u)/bench.db
CALLERS ?= 64
SECONDS_EACH ?= 5

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

demo: ## the whole bank with a sandbox and example people, on http://localhost:8080
	go run ./cmd/rocketbank demo

test: ## all tests, as the README says (PostgreSQL and Chromium are used when found)
	go test ./...

check: ## formatting, vet, staticcheck, gosec, vulnerabilities, generated files, house rules
	.ci/checks

race: ## the tests under the race detector
	go test -race -count=1 ./internal/... ./cmd/...

fuzz: ## ten seconds for each parser; FUZZTIME=1m for longer
	.ci/fuzz $${FUZZTIME:-10s}

audit: ## known vulnerabilities, gosec and staticcheck into REPORT=audit-report.json; VULNDB=file://… for a copy of the database
	REPORT="$${REPORT:-$(CURDIR)/audit-report.json}" .ci/audit

soak: ## the full counts of the reliability tests; takes hours, figures go to docs/reliability.md
	ROCKETBANK_TIER=soak go test -count=1 -timeout 6h ./...
	FUZZALL=1 .ci/fuzz 5m

bench: build ## ledger, transfer and api on DB=…, CALLERS=64; see docs/performance.md
	for what in ledger transfer api; do \
	  bin/rocketbank bench $$what --db "$(DB)" --callers $(CALLERS) --seconds $(SECONDS_EACH); \
	  bin/rocketbank verify --db "$(DB)"; done

generate: ## write the generated files anew
	go tool templ generate

screens: ## draw the pictures of docs/screens anew
	ROCKETBANK_SCREENS=$(CURDIR)/docs/screens go test -count=1 -run TestPages ./e2e

build: ## one static binary, bin/rocketbank
	CGO_ENABLED=0 go build -trimpath -o bin/rocketbank ./cmd/rocketbank

ci: ## what the build server runs, from installing PostgreSQL to the last test
	.ci/run
