# Two commands: `make run` shows the product, `make test` proves it. Both install what is missing first.
# Everything built is kept and reused while its inputs stay the same.

# The npm package `node` brings Node 24 where the machine has an older one.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

NATIVE := src/runtime/front-door src/runtime/attach-files src/vm/native src/egress/relay src/vm/share-guard src/vm/deepen-backlog src/vm/guest-memory src/vm/loopback-guard src/vm/forward6 src/vm/idle-sockets vm-image/init vm-image/probe test/probes

.PHONY: run test soak bench setup build native image down clean

run: build
	@node scripts/demonstration.ts

test: build
	@node scripts/test.ts

# 5,000 containers with 64 alive, and 500 creates under kill -9: half an hour. `make test` does a small part of it.
soak: build
	BULKHEAD_SOAK=full vitest run --project engine test/soak

bench: build
	node test/bench/main.ts

# Debian packages, npm packages and the Docker client; does nothing when all is there.
setup:
	@./scripts/setup.sh

# Executable, so that `bulkhead` works by its name too where node_modules/.bin is on PATH, as completion has it.
build: setup native
	@tsc --build && chmod +x dist/cli/main.js

native: setup
	@for dir in $(NATIVE); do $(MAKE) --silent --no-print-directory -C $$dir || exit 1; done

image: build
	node dist/cli/main.js image build

down:
	node dist/cli/main.js down

clean:
	rm -rf dist $(addsuffix /build,$(NATIVE))
