/* Probes of the isolation of a container: each tries one operation that must not succeed and returns what the kernel said. */
#ifndef BULKHEAD_PROBES_H
#define BULKHEAD_PROBES_H

/* A probe gets the words after its name, as many as its table entry says. It returns 0 where the operation succeeded,
 * otherwise the errno. Being wrongly allowed must do no harm: arguments are chosen so that success changes nothing. */
typedef int probe_function(char **arguments);

probe_function probe_bpf_next_id, probe_bpf_map_create, probe_init_module, probe_finit_module, probe_kexec_load;
probe_function probe_perf_open, probe_add_key, probe_reboot, probe_settime, probe_iopl, probe_vsock_socket, probe_userns_nested;
probe_function probe_mount_setattr_rw, probe_remount_rw, probe_open_tree_rw, probe_open_by_handle;
probe_function probe_read_block;

#endif
