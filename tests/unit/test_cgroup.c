/* docker/cgroup: which control group a process is in. */
#include "unit.h"

#include "docker/cgroup.h"

static const char v1[] = "12:memory:/docker/abc\n"
			 "5:cpu,cpuacct:/docker/abc\n"
			 "1:name=systemd:/system.slice/docker-abc.scope\n"
			 "0::/docker/unified\n";

static void expect_path(const char *text, const char *controller, const char *want)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);

	assert_int_equal(cgroup_path(text, controller, &path), want != NULL);
	assert_string_equal(path.data, want ? want : "");
}

static void test_paths_of_controllers(void **state)
{
	(void) state;
	expect_path(v1, "memory", "/docker/abc");
	expect_path(v1, "cpuacct", "/docker/abc");
	expect_path(v1, "cpu", "/docker/abc");
	expect_path(v1, "", "/docker/unified");
	expect_path(v1, "cpuset", NULL);
	expect_path(v1, "mem", NULL);
	expect_path(v1, "acct", NULL);
}

static void test_the_unified_hierarchy(void **state)
{
	(void) state;
	expect_path("0::/system.slice/docker-abc.scope\n", "", "/system.slice/docker-abc.scope");
	expect_path("0::/system.slice/docker-abc.scope", "", "/system.slice/docker-abc.scope");
	expect_path("0::/x\n", "memory", NULL);
}

static void test_nonsense(void **state)
{
	(void) state;
	expect_path("", "memory", NULL);
	expect_path("\n\n", "", NULL);
	expect_path("memory", "memory", NULL);
	expect_path("1:memory", "memory", NULL);
	expect_path("1:memory:/\n1:memory:/other", "memory", "/");
}

/* Process 1 is in no container of that id; there is no process 0. */
static void test_other_processes_are_refused(void **state)
{
	struct docker_stats stats;

	(void) state;
	assert_false(cgroup_usage(1, "0123456789abcdef", &stats));
	assert_false(cgroup_usage(0, "0123456789abcdef", &stats));
	assert_false(cgroup_usage(1, "", &stats));
	assert_int_equal(stats.memory, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_of_controllers),
		cmocka_unit_test(test_the_unified_hierarchy),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_other_processes_are_refused),
	};

	return RUN(tests);
}
