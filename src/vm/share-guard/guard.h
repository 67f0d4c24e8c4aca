/* Parts of the program that starts the server of one shared directory; guard.c says what it is for. */
#ifndef BULKHEAD_SHARE_GUARD_H
#define BULKHEAD_SHARE_GUARD_H

/* Where the server finds what it shares: a directory every Linux has, that only root can rename, and that the server has no other use for. */
#define SHARED_PLACE "/sys"

/* Ends the program with status 1 and one line on standard error. */
_Noreturn void die(const char *what);
_Noreturn void die_text(const char *what, const char *detail);

/* A mount namespace nothing of which reaches the machine. Without privileges in a user namespace, in which this user is root and has no other ids. */
void enter_namespaces(void);

/*
 * Puts the directory `fd` was opened of, at `path`, at SHARED_PLACE, with what is mounted in it. Fails when `path` has become another one.
 * Of `hidden`, ended with NULL, each is a path relative to it, which then shows an empty directory or file that nobody can write.
 */
void place_share(int fd, const char *path, char *const *hidden);

/* From here on system calls that would leave set-user-ID programs or device nodes in a share answer EPERM. */
void deny_system_calls(void);

#endif
