#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *log_path;
static int log_file = -1;

void set_log_file(const char *path) { log_path = path; }

void open_log_file(void) {
  if (log_path != NULL) log_file = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/* Length of the UTF-8 sequence at `text` as RFC 3629 allows it, 0 when it is none. */
static size_t utf8_sequence(const unsigned char *text) {
  const unsigned char first = text[0];
  const size_t size = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3
                      : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  for (size_t i = 1; i < size; i++)
    if ((text[i] & 0xc0) != 0x80) return 0;
  if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f)) return 0;
  if ((first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f)) return 0;
  return size;
}

size_t escape_json(const char *text, char *out, size_t size) {
  size_t used = 0;
  const unsigned char *at = (const unsigned char *)text;
  while (*at != '\0' && used + 7 < size) {
    const size_t sequence = utf8_sequence(at);
    if (*at == '"' || *at == '\\') {
      out[used++] = '\\';
      out[used++] = (char)*at++;
    } else if (*at < 0x20) {
      used += (size_t)snprintf(out + used, 7, "\\u%04x", (unsigned)*at++);
    } else if (sequence == 0) {
      out[used++] = '?';
      at++;
    } else {
      memcpy(out + used, at, sequence);
      used += sequence;
      at += sequence;
    }
  }
  out[used] = '\0';
  return used;
}

static void write_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return; /* nowhere left to complain */
    data += written;
    size -= (size_t)written;
  }
}

static _Noreturn void end(const char *code, const char *sentence) {
  static char message[6000];
  static char line[6400];
  escape_json(sentence, message, sizeof message);
  char when[32] = "1970-01-01T00:00:00Z";
  const time_t now = time(NULL);
  struct tm utc;
  if (gmtime_r(&now, &utc) != NULL) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
  char coded[128] = "";
  if (code != NULL) {
    char name[64];
    escape_json(code, name, sizeof name);
    snprintf(coded, sizeof coded, "\"code\":\"%s\",", name);
  }
  const int size = snprintf(line, sizeof line, "{\"level\":\"error\",%s\"msg\":\"bulkhead: %s\",\"time\":\"%s\"}\n",
                            coded, message, when);
  /* Never the container's own stderr when there is a log: the text would end in the container's output. */
  if (log_file < 0) open_log_file();
  write_all(log_file < 0 ? STDERR_FILENO : log_file, line, (size_t)size);
  _exit(1);
}

void fail(const char *format, ...) {
  char sentence[5000];
  va_list values;
  va_start(values, format);
  vsnprintf(sentence, sizeof sentence, format, values);
  va_end(values);
  end(NULL, sentence);
}

void fail_with_code(const char *code, const char *sentence) { end(code, sentence); }
