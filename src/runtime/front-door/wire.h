#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MAX_PAYLOAD (16u * 1024u * 1024u)
#define WIRE_MAX_FIELDS 65536u

/* One field of a message. A NUL follows the bytes; `text` tells whether there is none within. */
struct field {
  char *data;
  uint32_t size;
  bool text;
};

struct message {
  struct field *fields;
  size_t count;
};

/* A message under construction: u32 length (little endian), then fields of u32 length and bytes. */
struct builder {
  char *data;
  size_t size;
  size_t capacity;
};

/*
 * Splits a payload into fields in place. `payload` must have size + 1 bytes. Returns NULL, or what is wrong.
 * Either way the caller owns message->fields.
 */
const char *message_parse(char *payload, size_t size, struct message *message);

void builder_add(struct builder *builder, const void *data, size_t size);
void builder_add_text(struct builder *builder, const char *text);
void builder_add_format(struct builder *builder, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Stores the length in the first four bytes; the builder is then ready to be sent. */
void builder_finish(struct builder *builder);

/* Fills out[0..3] with the little-endian bytes of value, and back. */
void put_u32(char *out, uint32_t value);
uint32_t get_u32(const char *in);
