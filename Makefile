.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
bin := .venv/bin
# Of pytest: one more than there are processors, for some tests wait.
workers = $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

# One version for all steps of one call, whatever is edited meanwhile. What stands on make's command line is not in this shell's environment.
ifneq (,$(filter images package push install gitops,$(MAKECMDGOALS)))
ifndef VERSION
VERSION := $(shell PLATFORM='$(PLATFORM)' PYTHON_IMAGE='$(PYTHON_IMAGE)' $(or $(wildcard $(bin)/python),$(PYTHON),python3) hack/version.py)
endif
export VERSION
endif

.PHONY: help preview render test fuzz fuzz-sidecar conformance bench bench-sidecar bench-wrapper scale check audit workflows generate images package reproducible push install uninstall e2e gitops clean

help: ## list the targets and the settings they read
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'
	@echo
	@echo "Settings, from the environment (hack/settings.sh has the defaults):"
	@sed -nE 's/^: "\$$\{([A-Z_]+):=.*\}" *# (.*)$$/  \1|\2/p' hack/settings.sh | awk -F '|' '{printf "  %-18s %s\n", $$1, $$2}'

.venv/.synced: pyproject.toml uv.lock $(wildcard */pyproject.toml */*/pyproject.toml)
	@hack/setup.sh

preview: .venv/.synced ## print the manifests that CLAIM=file.yaml becomes
	@test -n "$(CLAIM)" || { echo "Error: say which claim: make preview CLAIM=examples/claims/agentexecutor-minimal.yaml" >&2; exit 1; }
	@$(bin)/zerotouch render $(CLAIM)

render: .venv/.synced ## the same with the official Crossplane CLI: CLAIM=file.yaml [MODE=objects] [CROSSPLANE_CORE=binary]
	@test -n "$(CLAIM)" || { echo "Error: say which claim: make render CLAIM=examples/claims/agentexecutor-minimal.yaml" >&2; exit 1; }
	@hack/render.sh $(CLAIM)

test: .venv/.synced ## run all tests that need no cluster
	E2E= $(bin)/pytest -n $(workers) --dist loadfile --no-loadscope-reorder $(PYTEST_FLAGS)

fuzz: .venv/.synced ## fuzz the function: [FUZZ_EXAMPLES=1000000] [FUZZ_SECONDS=7200] [FUZZ_SEED=0] [FUZZ_PARTIAL=1]
	@$(bin)/python -m tests.fuzz.run

conformance: .venv/.synced ## run other people's programs with the agents' wrapper, on every Python here and several Nodes; writes docs/wrapper.md
	@$(bin)/python -m tests.wrapper.conformance

fuzz-sidecar: .venv/.synced ## fuzz the sidecar's reading of requests, answers and events: [FUZZ_EXAMPLES=20000]
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-20000} $(bin)/pytest -n2 --durations=0 tests/sidecar/test_fuzz.py tests/sidecar/models/test_events.py

bench: .venv/.synced ## measure speed and size beside the function's peers, into benchmarks/results.json: [PATCH_AND_TRANSFORM=binary]
	@$(bin)/python -m benchmarks.run $(BENCH_FLAGS)

bench-wrapper: .venv/.synced ## measure what the agents' wrapper costs a start, into the same file (`make bench` does, too)
	@$(bin)/python -m benchmarks.wrapper $(BENCH_FLAGS)

scale: .venv/.synced ## measure what claims by the hundred cost KUBECONFIG's cluster: [SCALE_CLAIMS="100 300 1000"]
	@$(bin)/python -m benchmarks.scale --claims $(or $(SCALE_CLAIMS),100 300)

bench-sidecar: .venv/.synced ## measure the sidecar beside direct calls and LiteLLM, into the same file: [BENCH_REALTIME=1: as root, undisturbed]
	@$(bin)/python -m benchmarks.sidecar.run $(BENCH_FLAGS)

check: .venv/.synced ## lint, types, layers, YAML, generated files
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/yamllint --strict .
	$(bin)/python hack/version.py --check
	hack/generated.sh --check

audit: .venv/.synced ## ask for known vulnerabilities of the image's locked packages: [AUDIT_SERVICE=osv]
	@hack/audit.sh

workflows: ## lint .github/workflows with actionlint; needs Go
	@. ./versions.env && go run github.com/rhysd/actionlint/cmd/actionlint@$$ACTIONLINT_VERSION

generate: .venv/.synced ## write the generated files again
	hack/generated.sh

images: .venv/.synced ## build the images
	@hack/images.sh $(IMAGE_FLAGS)

package: images ## write build/*.xpkg, with the images inside
	@hack/package.sh

reproducible: .venv/.synced ## build the packages twice, in two folders, and compare every byte
	@hack/reproducible.sh

push: package ## push the packages to REGISTRY
	@hack/push.sh

install: push ## put the platform onto KUBECONFIG's cluster: [OVERLAY=crossplane-v1|diagnostics]
	@hack/install.sh

uninstall: .venv/.synced ## take the platform off the cluster again: [OVERLAY=...] [FORCE=1: claims too]
	@hack/uninstall.sh

e2e: .venv/.synced ## run the end-to-end tests on KUBECONFIG's cluster (see tests/e2e/README.md)
	E2E=1 $(bin)/pytest tests/e2e --ignore=tests/e2e/gitops -m 'not operations' --durations=20 $(PYTEST_FLAGS)

gitops: .venv/.synced ## have Argo CD on KUBECONFIG's cluster bring up what `make push` pushed, and test that (see tests/e2e/README.md)
	E2E=1 $(bin)/pytest tests/e2e/gitops $(PYTEST_FLAGS)

clean: ## remove what was built
	rm -rf build
