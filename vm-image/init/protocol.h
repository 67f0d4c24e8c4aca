#ifndef BULKHEAD_PROTOCOL_H
#define BULKHEAD_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#define PROTOCOL_LINE_LIMIT 256

/** What bulkheadd may ask of PID 1 (docs/architecture.md, "PID 1 ↔ bulkheadd"). */
enum verb { VERB_START, VERB_SIGNAL, VERB_UNMOUNT_STEP, VERB_LIST, VERB_SYNC, VERB_TRIM, VERB_POWER_OFF };

struct request {
    enum verb verb;
    char name[32]; /* of a service; of a build step, letters and digits */
    int signal; /* 1 to 64 */
};

/** Reads one line without its newline; false when it is not exactly a request. */
bool parse_request(const char *line, struct request *request);

/** Collects bytes into lines. A line longer than PROTOCOL_LINE_LIMIT is dropped whole. */
struct line_buffer {
    char bytes[PROTOCOL_LINE_LIMIT];
    size_t used;
    bool overlong;
};

enum line_result { LINE_MORE, LINE_READY, LINE_OVERLONG };

/** Adds one byte; on LINE_READY `bytes` is the line, terminated, without its newline. NUL bytes make a line LINE_OVERLONG: no request has any. */
enum line_result line_add(struct line_buffer *buffer, char byte);

#endif
