# SPDX-License-Identifier: LGPL-2.1-or-later
# A shim around meson: `make try` and `make check` do everything on a fresh Debian 12.
BUILD = build
PREFIX = /usr/local
EXAMPLE = examples/gpu-on-39-bit-host.sh
CAPTURE = tests/data/captures/intel39-pb46.tar.xz
CATALOG = cpu:ryzen-7800x3d
IOMMUFIT = $(BUILD)/src/cli/iommufit

all: build

deps:
	@scripts/deps.sh

$(BUILD)/build.ninja: | deps
	@meson setup $(BUILD) --prefix=$(PREFIX) -Darchive=enabled -Dxml=enabled -Dtests=enabled >$(BUILD).log 2>&1 || \
		{ cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

build: deps $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

# Exit statuses 0 to 3 are answers; anything else is a failure of the tool.
try: build
	@for host in "--host $(CAPTURE)" "--host $(CATALOG)" ""; do \
		echo "\$$ iommufit check $$host $(EXAMPLE)"; \
		status=0; $(IOMMUFIT) check $$host $(EXAMPLE) || status=$$?; \
		echo "(exit status $$status)"; echo; \
		[ $$status -le 3 ] || exit $$status; \
	done

check: build
	@scripts/check.py $(BUILD)

bench: build
	@ninja -C $(BUILD) --quiet bench

install: build
	@meson install -C $(BUILD)

clean:
	@rm -rf $(BUILD)

.PHONY: all deps build try check bench install clean
