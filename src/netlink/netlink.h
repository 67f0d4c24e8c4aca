#ifndef BULKHEAD_NETLINK_H
#define BULKHEAD_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETLINK_BATCH_BYTES 16384
#define NETLINK_BATCH_DEPTH 6

/**
 * Requests to the kernel (netlink(7)), one after the other in one buffer; all zero at first. What does not fit, and nests that do not match, are faults of ours: the
 * whole is worth nothing then, and `netlink_ask` says ENOBUFS.
 */
struct netlink_batch {
    _Alignas(8) char bytes[NETLINK_BATCH_BYTES];
    size_t length;
    size_t message; /* where the last one begins */
    size_t nests[NETLINK_BATCH_DEPTH]; /* where those that are not ended yet begin */
    unsigned int depth;
    unsigned int asked; /* answers to come */
    bool is_faulty;
};

/** Begins a request; `header` is what its family puts first. One without NLM_F_ACK in `flags` is not answered. */
void netlink_begin(struct netlink_batch *batch, uint16_t type, uint16_t flags, const void *header, size_t length);
void netlink_put(struct netlink_batch *batch, uint16_t type, const void *value, size_t length);
/** Without a header of its own, as some attributes begin. */
void netlink_put_bare(struct netlink_batch *batch, const void *value, size_t length);
void netlink_put_text(struct netlink_batch *batch, uint16_t type, const char *text);
/** In the machine's byte order, as routes have it, and in the network's, as rules of the firewall have it. */
void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value);
void netlink_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value);
void netlink_put_be64(struct netlink_batch *batch, uint16_t type, uint64_t value);
/** An attribute with others in it, which `netlink_end` ends; the innermost first. */
void netlink_nest(struct netlink_batch *batch, uint16_t type);
void netlink_end(struct netlink_batch *batch);

/** A socket of the network namespace this thread is in; -1 with errno. */
int netlink_open(int family);
/** Sends all and takes every answer. False with the errno of the first that was refused. Empties the batch. */
bool netlink_ask(int netlink, struct netlink_batch *batch);
/** The same by a socket of its own, of this family. */
bool netlink_ask_once(int family, struct netlink_batch *batch);

#endif
