/*
 * Where there is no libFuzzer: mutates the files of a corpus for some seconds, from a fixed seed, so that a failure
 * comes again. Usage: fuzz SECONDS FILE...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT 8192u

static uint64_t state = 0x9e3779b97f4a7c15u;

/* xorshift64* */
static uint32_t next(uint32_t below) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (uint32_t)((state * 0x2545f4914f6cdd1du) >> 32) % below;
}

static size_t mutate(uint8_t *data, size_t size) {
  static const uint32_t lengths[] = {0, 1, 3, 4, 0x7fffffff, 0xffffffff, 65536};
  for (uint32_t times = 1 + next(6); times > 0 && size > 4; times--) {
    const uint32_t at = next((uint32_t)size - 3);
    switch (next(6)) {
      case 0: data[at] ^= (uint8_t)(1u << next(8)); break;
      case 1: data[at] = (uint8_t)next(256); break;
      case 2: memcpy(data + at, &lengths[next(sizeof lengths / sizeof *lengths)], 4); break;
      case 3: size = at + 1; break;
      case 4: memmove(data + at, data + at + 1, --size - at); break;
      default: {
        const size_t length = 1 + next(64) % (size - at);
        if (size + length > LIMIT) break;
        memmove(data + at + length, data + at, size - at);
        size += length;
      }
    }
  }
  return size;
}

int main(int argc, char **argv) {
  static uint8_t seeds[64][LIMIT];
  static size_t sizes[64];
  uint32_t count = 0;
  for (int i = 2; i < argc && count < 64; i++, count++) {
    FILE *file = fopen(argv[i], "rb");
    if (file == NULL) return perror(argv[i]), 1;
    sizes[count] = fread(seeds[count], 1, LIMIT, file);
    fclose(file);
    LLVMFuzzerTestOneInput(seeds[count], sizes[count]);
  }
  if (count == 0) return fputs("no corpus\n", stderr), 1;
  unsigned long runs = 0;
  for (const time_t end = time(NULL) + atoi(argv[1]); time(NULL) < end;) {
    for (int i = 0; i < 1000; i++, runs++) {
      uint8_t data[LIMIT];
      const uint32_t seed = next(count);
      memcpy(data, seeds[seed], sizes[seed]);
      LLVMFuzzerTestOneInput(data, mutate(data, sizes[seed]));
    }
  }
  printf("%lu mutations of %u files\n", runs, count);
  return 0;
}
