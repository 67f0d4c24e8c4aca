/* Attempts of a hostile container that no program of the probe image makes. */
#ifndef BULKHEAD_ATTEMPTS_H
#define BULKHEAD_ATTEMPTS_H

/* Gets the words after its name, as many as its table entry says. Returns 0 where the operation succeeded, otherwise the
 * errno. Being wrongly allowed does no harm: arguments are chosen so that success changes nothing outside. */
typedef int attempt_function(char **arguments);

attempt_function attempt_ioperm, attempt_io_uring, attempt_userfaultfd_kernel, attempt_userfaultfd_user;
attempt_function attempt_audit_write, attempt_realtime, attempt_acct, attempt_quota, attempt_ptrace, attempt_time_namespace;
attempt_function attempt_keyring_put, attempt_keyring_search;
attempt_function attempt_exchange;
attempt_function attempt_flock, attempt_hear, attempt_record_lock, attempt_shared_mapping, attempt_unix_socket;
attempt_function attempt_fspick_rw, attempt_move_mount;
attempt_function attempt_agent_hold, attempt_agent_keys, attempt_agent_say, attempt_ask_engine, attempt_new_namespaces, attempt_openat2;
attempt_function attempt_unix_i386, attempt_vsock_i386, attempt_vsock_socketcall;

/* Connects to a Unix socket by its path. Returns 0 and the descriptor, the caller's to close, or the errno. */
int connect_unix(const char *path, int *connected);

#endif
