# What is common to bulkheadd's helpers in C. PROGRAM names the one; SOURCES, where it has more than one; CHECKED, what the build for its tests has of its own.
CC ?= gcc
OUT ?= build
SOURCES ?= $(PROGRAM).c
CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Wshadow -Werror -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2
MADE_OF := $(SOURCES) $(wildcard *.h) Makefile ../program.mk

$(OUT)/$(PROGRAM): $(MADE_OF)
	@mkdir -p $(OUT)
	$(CC) $(CFLAGS) -static -Wl,--build-id=none -s -o $@ $(SOURCES)

# ASan cannot be linked statically.
$(OUT)/checked: $(MADE_OF)
	@mkdir -p $(OUT)
	$(CC) $(filter-out -D_FORTIFY_SOURCE=2,$(CFLAGS)) -fsanitize=address,undefined -fno-sanitize-recover=all -g -O1 $(CHECKED) -o $@ $(SOURCES)

.PHONY: clean
clean:
	rm -rf $(OUT)
