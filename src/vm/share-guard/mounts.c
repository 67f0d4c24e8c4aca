#define _GNU_SOURCE
#include "guard.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TABLE "/proc/self/mountinfo"

struct entry {
	uint64_t id, parent;
	char *path;
	bool below;
};

struct table {
	struct entry *entries;
	size_t count;
};

bool lies_below(const char *path, const char *directory)
{
	const size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* The kernel writes blank, tab, newline and `\` as a backslash and three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		char digits[4] = {0};
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			memcpy(digits, from + 1, 3);
			*to = (char)strtoul(digits, NULL, 8);
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* Number, parent, device, root and mount point of proc_pid_mountinfo(5); of what is elsewhere nothing is kept. */
static void read_line(char *line, struct table *table)
{
	char *fields[5], *rest = NULL;

	for (int i = 0; i < 5; i++)
		if ((fields[i] = strtok_r(i == 0 ? line : NULL, " ", &rest)) == NULL)
			die_text(TABLE, "a line of it is malformed");
	unescape(fields[4]);
	if (!lies_below(fields[4], SHARED_PLACE))
		return;
	table->entries = reallocarray(table->entries, table->count + 1, sizeof *table->entries);
	char *const path = strdup(fields[4] + strlen(SHARED_PLACE "/"));
	if (table->entries == NULL || path == NULL)
		die(TABLE);
	table->entries[table->count++] = (struct entry){.id = strtoull(fields[0], NULL, 10), .parent = strtoull(fields[1], NULL, 10), .path = path};
}

static struct table read_table(void)
{
	FILE *const file = fopen(TABLE, "re");
	struct table table = {0};
	char *line = NULL;
	size_t room = 0;

	if (file == NULL)
		die(TABLE);
	while (getline(&line, &room, file) >= 0)
		read_line(line, &table);
	if (ferror(file))
		die(TABLE);
	free(line);
	fclose(file);
	return table;
}

static bool is_marked(const struct table *table, uint64_t id)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->entries[i].id == id && table->entries[i].below)
			return true;
	return false;
}

/* By number, not by name: what the machine has mounted below SHARED_PLACE, where the share lies over it now, has such names as well. */
static void mark_below(struct table *table, uint64_t id)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < table->count; i++) {
			struct entry *const entry = &table->entries[i];
			if (entry->below || (entry->parent != id && !is_marked(table, entry->parent)))
				continue;
			entry->below = more = true;
		}
	}
}

struct mounts mounts_below(int share)
{
	struct table table = read_table();
	struct mounts mounts = {.paths = calloc(table.count + 1, sizeof *mounts.paths)};
	struct statx status;

	if (mounts.paths == NULL || statx(share, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0 || (status.stx_mask & STATX_MNT_ID) == 0)
		die("what is mounted in the share cannot be told");
	mark_below(&table, status.stx_mnt_id);
	for (size_t i = 0; i < table.count; i++)
		if (table.entries[i].below)
			mounts.paths[mounts.count++] = table.entries[i].path;
	return mounts;
}
