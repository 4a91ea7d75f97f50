/*
 * What calls cost in this library, without a container: an environment of one instance whose address is given.
 *
 *     bench_calls sequential ADDRESS METHOD KWARGS SECONDS             one call after the other, blocking
 *     bench_calls concurrent ADDRESS METHOD KWARGS SECONDS IN_FLIGHT   as many at once, asynchronous
 *     bench_calls memory     ADDRESS METHOD KWARGS SECONDS IN_FLIGHT   so many are sent, SECONDS pass, all are answered
 *
 *     bench_calls result     ADDRESS METHOD KWARGS SECONDS             one call, after one that connects
 *
 * ADDRESS is "127.0.0.1:8000"; BENCH_HOST in the environment, ssh://…, is where it is. Prints one JSON object.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "orchestrator/host.h"

/* Connections, caches and the processor's clock settle first. */
#define WARM_UP_S 0.3
#define SEQUENTIAL_MAX 2000000

struct bench {
	struct af *af;
	struct af_env *env;
	const char *method, *kwargs;
	double seconds;
	int in_flight;

	atomic_ulong done, failed;
	atomic_int running;
	atomic_bool stop;
};

static void die(const char *what, const struct af_error *err)
{
	fprintf(stderr, "bench_calls: %s%s%s\n", what, err ? ": " : "", err ? err->message : "");
	exit(1);
}

static void pause_for(double seconds)
{
	cancel_sleep(NULL, (int64_t) (seconds * 1000));
}

static double cpu_seconds(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double) (use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double) (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* A field of /proc/self/status in bytes. */
static double status_field(const char *name)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	double kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (str_starts(line, name) && line[strlen(name)] == ':')
			kib = strtod(line + strlen(name) + 1, NULL);
	if (f)
		fclose(f);
	return kib * 1024;
}

/* ---- one after the other --------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	int x = *(const int *) a, y = *(const int *) b;

	return (x > y) - (x < y);
}

static void sequential(struct bench *b)
{
	int *took = calloc(SEQUENTIAL_MAX, sizeof(*took));
	size_t count = 0;
	int64_t begin = clock_us() + (int64_t) (WARM_UP_S * 1e6), end = begin + (int64_t) (b->seconds * 1e6), now;
	struct af_error err = AF_ERROR_INIT;

	if (!took)
		die("out of memory", NULL);
	for (int64_t before = clock_us(); before < end && count < SEQUENTIAL_MAX; before = now) {
		char *result = NULL;
		if (af_env_call(b->env, b->method, b->kwargs, NULL, &result, &err))
			die("call", &err);
		free(result);
		now = clock_us();
		if (before >= begin)
			took[count++] = (int) (now - before);
	}
	qsort(took, count, sizeof(*took), compare);
	printf("{\"calls\": %zu, \"p50_us\": %d, \"p99_us\": %d}\n", count, took[count / 2], took[count * 99 / 100]);
	free(took);
}

/* ---- many at once ----------------------------------------------------------------- */

static void begin_call(struct bench *b);

/* On the I/O thread: each answer is followed by the next call. */
static void answered(void *arg, af_code rc, const char *result UNUSED, size_t len UNUSED, const struct af_error *err)
{
	struct bench *b = arg;

	atomic_fetch_add(&b->done, 1);
	if (rc && !atomic_fetch_add(&b->failed, 1))
		fprintf(stderr, "bench_calls: %s\n", err->message);
	if (atomic_load(&b->stop))
		atomic_fetch_sub(&b->running, 1);
	else
		begin_call(b);
}

static void begin_call(struct bench *b)
{
	struct af_error err = AF_ERROR_INIT;

	if (af_env_call_async(b->env, b->method, b->kwargs, NULL, answered, b, NULL, &err))
		die("begin a call", &err);
}

static void begin_all(struct bench *b)
{
	atomic_store(&b->running, b->in_flight);
	for (int i = 0; i < b->in_flight; i++)
		begin_call(b);
}

static void end_all(struct bench *b)
{
	deadline until = deadline_in(20000);

	atomic_store(&b->stop, true);
	while (atomic_load(&b->running) && deadline_left(until))
		pause_for(0.005);
	if (atomic_load(&b->running))
		die("calls were not answered", NULL);
	if (atomic_load(&b->failed))
		die("calls failed", NULL);
}

static void concurrent(struct bench *b)
{
	begin_all(b);
	pause_for(WARM_UP_S);
	unsigned long before = atomic_load(&b->done);
	double cpu = cpu_seconds();
	int64_t started = clock_us();
	pause_for(b->seconds);
	unsigned long calls = atomic_load(&b->done) - before;
	double took = (double) (clock_us() - started) / 1e6;
	cpu = cpu_seconds() - cpu;
	end_all(b);
	printf("{\"calls\": %lu, \"per_second\": %.0f, \"cpu_us_per_call\": %.2f}\n", calls, (double) calls / took,
	       cpu * 1e6 / (double) (calls ? calls : 1));
}

/* The server answers late: once all calls have arrived, and some time after. */
static void memory(struct bench *b)
{
	double before = status_field("VmRSS");

	atomic_store(&b->stop, true);
	begin_all(b);
	pause_for(b->seconds);
	double held = status_field("VmRSS");
	if (atomic_load(&b->done))
		die("the server answered too early", NULL);
	end_all(b);
	printf("{\"calls\": %d, \"held_bytes_per_call\": %.0f, \"peak_bytes_per_call\": %.0f}\n", b->in_flight,
	       (held - before) / b->in_flight, (status_field("VmHWM") - before) / b->in_flight);
}

/* ---- a large result ------------------------------------------------------------------ */

static void result(struct bench *b)
{
	struct af_error err = AF_ERROR_INIT;
	char *text = NULL;
	int64_t started = 0;

	for (int i = 0; i < 2; i++) {
		free(text);
		started = clock_us();
		if (af_env_call(b->env, b->method, b->kwargs, NULL, &text, &err))
			die("call", &err);
	}
	double took = (double) (clock_us() - started) / 1e6;
	size_t len = strlen(text);
	printf("{\"bytes\": %zu, \"seconds\": %.4f, \"per_second\": %.0f}\n", len, took, (double) len / took);
	free(text);
}

/* ---- setting up --------------------------------------------------------------------- */

/* Behind another host. */
static void place(struct bench *b, struct instance *inst)
{
	const char *text = getenv("BENCH_HOST");
	struct af_error err = AF_ERROR_INIT;
	struct af_host *host;

	if (text && (host_get(b->af, text, &host, &err) || ssh_connect(host->ssh, NULL, &err)))
		die("connect", &err);
	if (text && !instance_place(inst, host, NULL))
		die("out of memory", NULL);
}

/* An environment as env_find() makes it, without asking an engine. */
static void open_env(struct bench *b, char *address)
{
	struct af_error err = AF_ERROR_INIT;
	char *colon = strrchr(address, ':');
	int64_t port = 0;

	if (!colon || !int_parse(colon + 1, 1, 65535, &port))
		die("the address has no port", NULL);
	*colon = '\0';
	if (af_new(NULL, &b->af, &err) || !(b->env = env_new(b->af, "bench", &err)))
		die("start", &err);
	b->env->loaded = true;
	struct instance *inst = env_add_instance(b->env, 0, &err);
	if (!inst || !(inst->name = str_dup("bench", &err)))
		die("start", &err);
	inst->port = (int) port;
	inst->state = INSTANCE_UP;
	place(b, inst);
	if (instance_set_address(inst, address, &err))
		die("start", &err);
}

static void close_env(struct bench *b)
{
	env_cancel_calls(b->env);
	env_free(b->env);
	af_free(b->af);
}

static void more_files(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct bench *b);
		int argc;
	} modes[] = { { "sequential", sequential, 6 }, { "concurrent", concurrent, 7 }, { "memory", memory, 7 },
		    { "result", result, 6 } };
	struct bench b = { 0 };
	int64_t in_flight = 1;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (argc != modes[i].argc || strcmp(argv[1], modes[i].name))
			continue;
		if (!double_parse(argv[5], &b.seconds) || (argc > 6 && !int_parse(argv[6], 1, 100000, &in_flight)))
			break;
		b.method = argv[3];
		b.kwargs = argv[4];
		b.in_flight = (int) in_flight;
		more_files();
		open_env(&b, argv[2]);
		modes[i].run(&b);
		close_env(&b);
		return 0;
	}
	fprintf(stderr, "usage: bench_calls sequential|result ADDRESS METHOD KWARGS SECONDS\n"
			"       bench_calls concurrent|memory ADDRESS METHOD KWARGS SECONDS IN_FLIGHT\n");
	return 2;
}
