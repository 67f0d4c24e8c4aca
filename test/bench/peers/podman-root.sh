#!/bin/sh
# Run in new mount, network and pid namespaces: makes DIR/merged a root with podman's packages, goes there, says "ready" and
# stays, so that commands can enter. The machine's own files, /etc/subuid among them, are neither read nor changed.
set -eu
packages="$1"
dir="$2"
mkdir -p "$dir/upper" "$dir/work" "$dir/merged" "$dir/storage"
mount -t overlay overlay -o "lowerdir=$packages,upperdir=$dir/upper,workdir=$dir/work" "$dir/merged"
cd "$dir/merged"
mkdir -p proc sys run dev var/lib/containers var/tmp old
for name in bin sbin lib lib64; do [ -e $name ] || ln -s usr/$name $name; done
# Without an account of this name its ranges are not found.
printf 'root:x:0:0:root:/root:/bin/sh\ncontainers:x:999:999::/:/bin/false\n' >etc/passwd
printf 'root:x:0:\n' >etc/group
echo containers:1000000:16777216 >etc/subuid
echo containers:1000000:16777216 >etc/subgid
mount --rbind /dev dev
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
# crun serves cgroup v1 only without a v2 hierarchy beside it.
[ ! -d sys/fs/cgroup/unified ] || umount sys/fs/cgroup/unified
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount --bind "$dir/storage" var/lib/containers
pivot_root . old
exec /usr/bin/busybox sh -c 'cd / && umount -l /old && ip link set lo up && echo ready && exec busybox sleep 100000'
