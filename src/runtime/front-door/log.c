#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *log_path;
static int log_file = -1;
static bool repeated;

void set_log_file(const char *path) { log_path = path; }

void repeat_on_stderr(void) { repeated = true; }

void open_log_file(void) {
  if (log_path != NULL) log_file = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

size_t escape_json(const char *text, char *out, size_t size) {
  size_t used = 0;
  for (; *text != '\0' && used + 7 < size; text++) {
    if (*text == '"' || *text == '\\') out[used++] = '\\';
    if ((unsigned char)*text >= 0x20) out[used++] = *text;
    else used += (size_t)snprintf(out + used, 7, "\\u%04x", (unsigned)*text);
  }
  out[used] = '\0';
  return used;
}

bool write_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= (size_t)written;
  }
  return true;
}

static _Noreturn void end(const char *code, const char *sentence) {
  static char message[6000];
  static char line[6400];
  escape_json(sentence, message, sizeof message);
  char when[32] = "1970-01-01T00:00:00Z";
  const time_t now = time(NULL);
  struct tm utc;
  if (gmtime_r(&now, &utc) != NULL) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
  char coded[96] = "";
  if (code != NULL) snprintf(coded, sizeof coded, "\"code\":\"%.60s\",", code);
  const int size = snprintf(line, sizeof line, "{\"level\":\"error\",%s\"msg\":\"bulkhead: %s\",\"time\":\"%s\"}\n",
                            coded, message, when);
  /* Otherwise never the container's own stderr when there is a log: the text would end in the container's output. */
  if (log_file < 0) open_log_file();
  (void)write_all(log_file < 0 ? STDERR_FILENO : log_file, line, (size_t)size);
  if (repeated && log_file >= 0) dprintf(STDERR_FILENO, "bulkhead: %s\n", sentence);
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
