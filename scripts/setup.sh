#!/bin/sh
# Installs what the project needs and the machine lacks: Debian packages through apt, npm packages, and a Docker client.
# Says nothing and touches nothing when everything is there. Needs root or sudo only when a package is missing.
set -eu
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/bulkhead"
tools="$cache/tools"
log="$cache/setup.log"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 69; }

# What apt and dpkg say is kept in a log, and shown only when they fail.
quietly() {
	mkdir -p "$cache"
	printf '== %s\n' "$*" >>"$log"
	"$@" >>"$log" 2>&1 || { tail -n 15 "$log" >&2; fail "that failed; all of it is in $log"; }
}

# apt-get as root, asking nothing.
apt_get() {
	set -- env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 "$@"
	if [ "$(id -u)" = 0 ]; then quietly "$@"
	elif command -v sudo >/dev/null; then quietly sudo "$@"
	else fail "packages are missing and this is neither root nor a user with sudo: $*"
	fi
}

# Prints the package of each tool that is not there. Tools in /usr/sbin are often not on a user's PATH.
missing_packages() {
	while read -r file package; do
		[ -e "$file" ] || printf '%s\n' "$package"
	done <<-LIST
	/usr/bin/gcc gcc
	/usr/include/stdio.h libc6-dev
	/usr/include/seccomp.h libseccomp-dev
	/usr/bin/mmdebstrap mmdebstrap
	/usr/bin/mkfs.erofs erofs-utils
	/usr/sbin/veritysetup cryptsetup-bin
	/usr/bin/busybox busybox-static
	/usr/bin/cpio cpio
	/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
	/usr/bin/setpriv util-linux
	/usr/bin/python3 python3
	/usr/bin/g++ g++
	/usr/bin/clang clang
	/var/lib/dpkg/info/libclang-rt-dev.list libclang-rt-dev
	/usr/bin/curl curl
	/usr/bin/xz xz-utils
	/usr/bin/cpio cpio
	/usr/bin/pgrep procps
	/usr/bin/groff groff-base
	LIST
}

# QEMU before 8.2 double-faults kernels from 6.12 on under TCG (cmpxchg16b).
oldest_qemu=8.2
qemu_is_recent() {
	version="$(/usr/bin/qemu-system-x86_64 --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')"
	[ -n "$version" ] && dpkg --compare-versions "$version" ge "$oldest_qemu"
}
release_has_recent_qemu() {
	candidate="$(apt-cache policy qemu-system-x86 | sed -n 's/^ *Candidate: \([0-9].*\)/\1/p')"
	[ -n "$candidate" ] && dpkg --compare-versions "$candidate" ge "1:$oldest_qemu"
}

# The machine's own Debian archive with another suite, as an apt configuration that leaves the machine's own alone.
suite_options() {
	suite="$1"
	dir="$cache/apt/$suite"
	# shellcheck disable=SC2016 # a format of apt
	uri="${BULKHEAD_APT_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null |
		grep -E '/debian/?$' | head -n 1)}"
	[ -n "$uri" ] || fail "no Debian archive in this machine's apt configuration; name one in BULKHEAD_APT_MIRROR"
	mkdir -p "$dir/lists/partial" "$dir/sources" "$dir/archives/partial"
	printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
		"$uri" "$suite" >"$dir/sources/archive.sources"
	printf '%s\n' -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$dir/sources" -o "Dir::State::Lists=$dir/lists" \
		-o "Dir::Cache::archives=$dir/archives" -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root
}

install_packages() {
	packages="$(missing_packages | sort -u | tr '\n' ' ')"
	if [ -z "$packages" ] && qemu_is_recent; then return; fi
	apt_get update
	backports=no
	if ! qemu_is_recent; then
		if release_has_recent_qemu; then packages="${packages}qemu-system-x86"; else backports=yes; fi
	fi
	if [ -n "$packages" ]; then
		say "installing $packages"
		# shellcheck disable=SC2086 # a list of package names
		apt_get install --no-install-recommends $packages
	fi
	[ "$backports" = no ] || install_qemu_from_backports
	qemu_is_recent || fail "no QEMU of $oldest_qemu or newer could be installed"
}

install_qemu_from_backports() {
	codename="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)"
	say "this release's QEMU is too old to run current kernels; installing it from $codename-backports"
	options="$(suite_options "$codename-backports")"
	# Libraries that the newer QEMU needs are in the release itself, so both archives are read together.
	cp /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
		"$cache/apt/$codename-backports/sources/" 2>/dev/null || true
	# shellcheck disable=SC2086 # options without spaces
	apt_get $options update
	# shellcheck disable=SC2086
	apt_get $options -t "$codename-backports" install --no-install-recommends qemu-system-x86
}

# The client and its plug-ins (build, compose) are unpacked, not installed: the packages would bring or start an engine on the machine.
install_docker_client() {
	wanted=""
	command -v docker >/dev/null || [ -x "$tools/bin/docker" ] || wanted="docker-cli"
	for plugin in buildx compose; do
		docker $plugin version >/dev/null 2>&1 || [ -x "$tools/cli-plugins/docker-$plugin" ] || wanted="$wanted docker-$plugin"
	done
	[ -n "$wanted" ] || return 0
	say "fetching the Docker client ($wanted)"
	work="$(mktemp -d)"
	if grep -q '^ID=debian' /etc/os-release || [ -n "${BULKHEAD_APT_MIRROR:-}" ]; then
		options="$(suite_options forky) -o Dir::State::status=/dev/null"
		# shellcheck disable=SC2086
		quietly apt-get $options -qq update
	else
		# Ubuntu has the client inside its engine package.
		options=""
		wanted="$(printf '%s' "$wanted" | sed 's/docker-cli/docker.io/; s/docker-compose/docker-compose-v2/')"
	fi
	# shellcheck disable=SC2086
	(cd "$work" && quietly apt-get $options -qq download $wanted)
	mkdir -p "$tools/bin" "$tools/cli-plugins"
	for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/unpacked"; done
	[ ! -e "$work/unpacked/usr/bin/docker" ] || cp "$work/unpacked/usr/bin/docker" "$tools/bin/"
	[ ! -e "$work/unpacked/usr/libexec/docker/cli-plugins" ] || cp "$work"/unpacked/usr/libexec/docker/cli-plugins/* "$tools/cli-plugins/"
	rm -rf "$work"
}

install_npm_packages() {
	command -v npm >/dev/null || fail "npm is missing; any Node >= 20 with npm will do"
	if [ ! -e node_modules/.package-lock.json ] || [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
		say "installing npm packages"
		# node-pty is compiled. It uses Node-API alone, so the headers of whatever Node is here serve, without a download.
		for prefix in "$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")" /usr; do
			[ ! -e "$prefix/include/node/node_api.h" ] || { export npm_config_nodedir="$prefix"; break; }
		done
		# Not `npm ci`: it refuses a lock file without the packages of other platforms, and a mirror may not have them all.
		# Versions and hashes come from the lock file all the same, and it is not rewritten.
		npm install --no-save --no-audit --no-fund --loglevel=error
		touch node_modules/.package-lock.json
	fi
	# `npx bulkhead` in the checkout finds the command of the checkout.
	ln -sfn ../../dist/cli/main.js node_modules/.bin/bulkhead
}

install_packages
install_docker_client
install_npm_packages
