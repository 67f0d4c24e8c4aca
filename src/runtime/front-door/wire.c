#include "wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

void put_u32(char *out, uint32_t value) {
  for (int i = 0; i < 4; i++) out[i] = (char)(unsigned char)(value >> (8 * i) & 0xffu);
}

uint32_t get_u32(const char *in) {
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) value |= (uint32_t)(unsigned char)in[i] << (8 * i);
  return value;
}

const char *message_parse(char *payload, size_t size, struct message *message) {
  *message = (struct message){.fields = calloc(size / 4 + 1, sizeof *message->fields)};
  if (message->fields == NULL) return "there is no memory for it";
  for (size_t at = 0; at < size; message->count++) {
    if (size - at < 4) return "a length is cut off";
    if (message->count == WIRE_MAX_FIELDS) return "it has too many fields";
    const uint32_t length = get_u32(payload + at);
    /* The length just read is not needed again, so its place ends the field before it with a NUL. */
    payload[at] = '\0';
    at += 4;
    if (length > size - at) return "a field is longer than its message";
    message->fields[message->count] = (struct field){payload + at, length, memchr(payload + at, '\0', length) == NULL};
    at += length;
  }
  payload[size] = '\0';
  return message->count == 0 ? "it is empty" : NULL;
}

void builder_add(struct builder *builder, const void *data, size_t size) {
  if (builder->size == 0) builder->size = 4;
  if (size > WIRE_MAX_PAYLOAD || builder->size + size + 4 > WIRE_MAX_PAYLOAD) fail("a message is too long");
  const size_t needed = builder->size + size + 4;
  if (needed > builder->capacity) {
    builder->capacity = needed * 2;
    builder->data = realloc(builder->data, builder->capacity);
    if (builder->data == NULL) fail("there is no memory for a message");
  }
  put_u32(builder->data + builder->size, (uint32_t)size);
  memcpy(builder->data + builder->size + 4, data, size);
  builder->size = needed;
}

void builder_add_text(struct builder *builder, const char *text) { builder_add(builder, text, strlen(text)); }

void builder_add_format(struct builder *builder, const char *format, ...) {
  char text[64];
  va_list values;
  va_start(values, format);
  const int size = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  if (size < 0 || (size_t)size >= sizeof text) fail("a number does not fit its field");
  builder_add(builder, text, (size_t)size);
}

void builder_finish(struct builder *builder) { put_u32(builder->data, (uint32_t)(builder->size - 4)); }
