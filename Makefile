# Everything starts here: `make help`. Commands run from .venv, which `make setup` makes.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo smoke test journeys check bench

PYTHON ?= $(shell command -v python3.11 || command -v python3)
RUN := .venv/bin/python
# A demo of its own folder and port: DATA_DIR=… PORT=… make demo
export PYTHONUTF8 := 1
# What production would be told; no server is asked, none of the values opens anything.
PRODUCTION := env SECRET_KEY=only-checks-read-this-value-0123456789-abcdefghijklmnopqrstuvwxyz \
  PUBLIC_URL=https://shop.example.com ALLOWED_HOSTS=shop.example.com BEHIND_TLS_PROXY=1 \
  DATABASE_URL=postgresql://app@127.0.0.1:1/brand REDIS_URL=redis://127.0.0.1:1/0 \
  FIELD_KEYS=c1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= \
  BLIND_INDEX_KEY=MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI= \
  WECOM_CORP_ID=ww0123456789abcdef WECOM_AGENT_ID=1000002 WECOM_AGENT_SECRET=check \
  WECOM_CONTACT_SECRET=check WECOM_CALLBACK_TOKEN=check0123456789 \
  WECOM_CALLBACK_AES_KEY=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG \
  WECHAT_APP_ID=wx0123456789abcdef WECHAT_APP_SECRET=check \
  SMS_GATEWAY_URL=https://sms.example.com/send

help: ## 这一页 / this page
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/demo.stamp ## 只安装依赖（.venv）/ install what the demo needs

demo: .venv/demo.stamp ## 启动整套演示，Ctrl-C 停止 / run the whole demo (PORT=8000, DATA_DIR=.data)
	@exec $(RUN) manage.py demo --with-parent

smoke: .venv/demo.stamp ## 对运行中的演示走一遍主线 / walk the main job against the running demo
	@$(RUN) manage.py demo --smoke

test: .venv/dev.stamp ## 全部测试，不需要浏览器 / all tests that need no browser
	@$(RUN) -m pytest --ignore=tests/journeys --numprocesses=2 --dist=loadfile --no-loadscope-reorder

journeys: .venv/dev.stamp ## 用真实浏览器走主线 / the main job in a real Chromium
	@command -v chromium chromium-browser google-chrome >/dev/null || { \
	  echo "需要 Chromium：apt-get install chromium fonts-noto-cjk / Chromium is needed"; exit 1; }
	@$(RUN) -m pytest tests/journeys

check: .venv/dev.stamp ## 提交前的全部检查 / every check CI runs
	@failed=""; run() { echo "── $$1"; local name=$$1; shift; "$$@" || failed="$$failed [$$name]"; }; \
	run "ruff check" $(RUN) -m ruff check .; \
	run "ruff format" $(RUN) -m ruff format --check .; \
	run "mypy" $(RUN) -m mypy .; \
	run "import-linter" .venv/bin/lint-imports; \
	run "migrations" $(PRODUCTION) $(RUN) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run; \
	run "django check" $(PRODUCTION) $(RUN) manage.py check; \
	run "django check --deploy" $(PRODUCTION) $(RUN) manage.py check --deploy --fail-level WARNING; \
	if [ -n "$$failed" ]; then echo "✗$$failed"; exit 1; fi; echo "✓ 全部检查通过 / all checks passed"

bench: .venv/demo.stamp ## 小规模的速度测量 / measurements at a small scale
	@$(RUN) manage.py bench all --scale small

# One at a time: `make smoke` may be called while `make demo` still installs.
.venv/%.stamp: requirements/%.lock
	@mkdir -p .venv && exec 9>.venv/lock && flock 9 && { \
	  if [ $@ -nt $< ]; then exit 0; fi; \
	  $(make-venv); \
	  echo "安装依赖 $< / installing"; \
	  $(install) -r $<; \
	  touch $@; }

# Debian splits Python: without python3.11-venv a .venv can be made, but pip comes from outside.
define make-venv
  "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
    echo "需要 Python 3.11：apt-get install python3.11 / Python 3.11 is needed"; exit 1; }; \
  $(RUN) -c '' 2>/dev/null || "$(PYTHON)" -m venv --without-pip .venv || { \
    echo "缺少 venv：apt-get install python3.11-venv / python3.11-venv is needed"; exit 1; }; \
  $(RUN) -m pip --version >/dev/null 2>&1 || $(RUN) -m ensurepip >/dev/null 2>&1 || \
    "$(PYTHON)" -m pip --version >/dev/null 2>&1 || { \
    echo "缺少 pip：apt-get install python3.11-venv / python3.11-venv is needed"; exit 1; }
endef
define install
  pip=($(RUN) -m pip); \
  $(RUN) -m pip --version >/dev/null 2>&1 || pip=("$(PYTHON)" -m pip --python $(RUN)); \
  "$${pip[@]}" install --quiet --disable-pip-version-check --no-input --require-hashes
endef
