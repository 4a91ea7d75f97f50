/*
 * main() of a fuzzer that is built without libFuzzer: runs every file of its
 * corpus, then mutations of them from a fixed seed, and reports in TAP.
 *
 *     fuzz_x [FILE…]
 *
 * Without arguments the corpus is $AFS_SRCDIR/tests/fuzz/corpus/x. The number of
 * mutations per file is $FUZZ_RUNS (300). A crash is the report of a failure.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20, MUTATIONS_PER_INPUT = 8 };

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t random_below(size_t n)
{
	return n ? (size_t) (next_random() % n) : 0;
}

/* One change in place; `data` has room for one more byte. Returns the new size. */
static size_t mutate(uint8_t *data, size_t size)
{
	static const uint8_t special[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '\\', '{', '}', '[', ']', '\n', ':', ',', '=', ' ' };
	size_t at = random_below(size);
	size_t len;

	switch (random_below(6)) {
	case 0: /* flip a bit */
		if (size)
			data[at] ^= (uint8_t) (1u << random_below(8));
		return size;
	case 1: /* a byte that means something */
		if (size)
			data[at] = special[random_below(sizeof(special))];
		return size;
	case 2: /* insert */
		memmove(data + at + 1, data + at, size - at);
		data[at] = special[random_below(sizeof(special))];
		return size + 1;
	case 3: /* remove a stretch */
		len = random_below(size - at);
		memmove(data + at, data + at + len, size - at - len);
		return size - len;
	case 4: /* cut off */
		return at;
	default: /* copy a stretch over another */
		len = random_below(size - at);
		memmove(data + at, data + random_below(size - len), len);
		return size;
	}
}

/* Each run gets its own block of exactly `size` bytes, so that reading past it is seen. */
static void run_once(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int run_file(const char *path, long runs)
{
	uint8_t *original = malloc(INPUT_MAX);
	uint8_t *work = malloc(INPUT_MAX + MUTATIONS_PER_INPUT);
	FILE *f = fopen(path, "rb");
	int failed = 1;

	if (original && work && f) {
		size_t size = fread(original, 1, INPUT_MAX, f);

		run_once(original, size);
		for (long i = 0; i < runs; i++) {
			size_t len = size;
			size_t changes = 1 + random_below(MUTATIONS_PER_INPUT);

			memcpy(work, original, size);
			while (changes--)
				len = mutate(work, len);
			run_once(work, len);
		}
		failed = 0;
	} else {
		printf("# %s: %s\n", path, strerror(errno));
	}
	if (f)
		fclose(f);
	free(work);
	free(original);
	return failed;
}

static int report(int number, int failed, const char *path)
{
	printf("%sok %d - %s\n", failed ? "not " : "", number, path);
	fflush(stdout);
	return failed;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int run_corpus(const char *program, long runs)
{
	const char *srcdir = getenv("AFS_SRCDIR");
	const char *base = strrchr(program, '/');
	const char *name = strstr(base ? base : program, "fuzz_");
	struct dirent **entries = NULL;
	char *folder = NULL;
	int failed = 0;
	int count;

	if (asprintf(&folder, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", name ? name + 5 : "") < 0)
		abort();
	count = scandir(folder, &entries, not_hidden, alphasort);
	if (count <= 0) {
		printf("1..1\nnot ok 1 - no corpus in %s\n", folder);
		failed = 1;
	} else {
		printf("1..%d\n", count);
	}
	for (int i = 0; i < count; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
			abort();
		failed |= report(i + 1, run_file(path, runs), entries[i]->d_name);
		free(path);
		free(entries[i]);
	}
	free(entries);
	free(folder);
	return failed;
}

int main(int argc, char **argv)
{
	const char *text = getenv("FUZZ_RUNS");
	long runs = text ? strtol(text, NULL, 10) : 300;
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0); /* the plan is seen even if an input crashes */
	if (argc < 2)
		return run_corpus(argv[0], runs);
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++)
		failed |= report(i, run_file(argv[i], runs), argv[i]);
	return failed;
}
