/* command/table, help, generate: the table is sound, and what is made from it is complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "command/args_priv.h"
#include "command/complete.h"
#include "command/generate.h"
#include "command/help.h"

#define each_command(spec) \
	for (const struct command_spec *const *at_ = command_table, *spec = *at_; spec; spec = *++at_)
#define each_option(spec, opt) for (const struct option_spec *opt = (spec)->options; opt->name; opt++)
#define each_operand(spec, op) for (const struct operand_spec *op = (spec)->operands; op->name; op++)

/* One line of plain text that begins small or with a word such as CPUs, without a full stop. */
static void is_help_line(const char *where, const char *help)
{
	if (!help || !*help || strchr(help, '\n') || help[strlen(help) - 1] == '.')
		fail_msg("%s: not a line of help: %s", where, help ? help : "(none)");
}

static void test_every_command_is_described(void **state)
{
	(void) state;
	each_command(spec) {
		is_help_line(spec->name, spec->summary);
		assert_true(isupper((unsigned char) spec->summary[0]));
		assert_non_null(spec->group);
		assert_non_null(spec->description);
		assert_non_null(spec->run);
		assert_ptr_equal(command_find(spec->name), spec);
	}
	assert_null(command_find("nope"));
	assert_null(command_find(""));
}

static void test_every_option_is_described(void **state)
{
	(void) state;
	each_command(spec)
		each_option(spec, opt) {
			is_help_line(opt->name, opt->help);
			assert_int_equal(opt->kind == WORD_FLAG, opt->value == NULL);
			assert_int_equal(strspn(opt->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(opt->name));
			if (opt->kind == WORD_CHOICE || opt->kind == WORD_TEMPLATE)
				assert_non_null(opt->choices);
			assert_false(opt->required && opt->def);
			if (opt->kind == WORD_ENVVAR)
				assert_true(opt->secret);
		}
}

static void test_option_names_do_not_clash(void **state)
{
	(void) state;
	each_command(spec)
		each_option(spec, opt) {
			assert_string_not_equal(opt->name, "help");
			assert_int_not_equal(opt->short_name, 'h');
			each_option(spec, other) {
				if (other == opt)
					continue;
				assert_string_not_equal(opt->name, other->name);
				if (opt->short_name)
					assert_int_not_equal(opt->short_name, other->short_name);
			}
		}
}

static void test_operands_are_in_order(void **state)
{
	(void) state;
	each_command(spec) {
		bool optional = false, repeat = false;

		each_operand(spec, op) {
			is_help_line(op->name, op->help);
			assert_false(repeat); /* only the last one */
			assert_false(optional && !op->optional);
			optional = op->optional;
			repeat = op->repeat;
		}
	}
}

static void test_names_are_unique_and_groups_stand_together(void **state)
{
	(void) state;
	for (size_t i = 0; command_table[i]; i++)
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(command_table[i]->name, command_table[j]->name);
			if (strcmp(command_table[i]->group, command_table[j]->group) == 0)
				assert_string_equal(command_table[i - 1]->group, command_table[i]->group);
		}
}

/* Splits an example as a shell does, as far as examples need it. */
static void shell_words(struct strlist *out, const char *line)
{
	AUTO_STRBUF word = STRBUF_INIT(STRBUF_LINE);
	char quote = 0;

	for (; *line && (quote || (*line != '<' && *line != '>')); line++) {
		if (quote ? *line == quote : *line == '\'' || *line == '"')
			quote = quote ? 0 : *line;
		else if (*line == ' ' && !quote) {
			assert_int_equal(strlist_add(out, word.data, NULL), AF_OK);
			strbuf_reset(&word);
		} else
			strbuf_addc(&word, *line);
	}
	assert_int_equal(quote, 0);
	if (word.len > 0)
		assert_int_equal(strlist_add(out, word.data, NULL), AF_OK);
}

static void parse_example(const struct command_spec *spec, const char *example)
{
	AUTO_STRLIST words = { 0 };
	AF_AUTO(args) struct args *args = NULL;
	struct af_error err = AF_ERROR_INIT;

	shell_words(&words, example);
	assert_true(words.count >= 2);
	assert_string_equal(words.items[0], "afs");
	assert_string_equal(words.items[1], spec->name);
	if (args_parse(spec, (int) words.count - 2, (const char *const *) words.items + 2, &args, &err))
		fail_msg("%s: %s", example, err.message);
	assert_false(args_help(args));
}

static void test_every_example_is_valid(void **state)
{
	(void) state;
	each_command(spec) {
		assert_non_null(spec->examples);
		assert_non_null(spec->examples[0]);
		for (size_t i = 0; spec->examples[i]; i++)
			parse_example(spec, spec->examples[i]);
	}
}

/* Every line of the seed document's command-line section. */
static void test_promised_lines_are_valid(void **state)
{
	static const char *const lines[] = {
		"afs init my-env --template actor",
		"afs build my-env --tag my-env:v1",
		"afs run my-env:v1 --name my-env --env API_KEY=xxx",
		"afs call my-env evaluate --arg task_id=10",
		"afs init web-env --type http --template fastapi",
		"afs build environments/affine --tag affine:v2",
		"afs build my-env --tag my-env:v1 --push --registry docker.io/username",
		"afs build my-env --tag my-env:v1 --no-cache",
		"afs build my-env --tag my-env:v1 --build-arg ENV_NAME=prod",
		"afs run bignickeye/agentgym:webshop-v2 --env CHUTES_API_KEY=xxx",
		"afs run affine:v2 --name affine-prod --mem-limit 2g",
		"afs run --dir environments/my-env --tag my-env:latest",
		"afs run my-env:latest --pull",
		"afs call webshop evaluate --arg ids=[10,20,30] --arg model=\"deepseek-ai/DeepSeek-V3\"",
		"afs call affine evaluate --json '{\"task_type\": \"abd\", \"num_samples\": 5}'",
		"afs call my-env long_task --arg task_id=1 --timeout 600",
		"afs call agentgym evaluate --arg ids=[10] --arg base_url=\"https://llm.chutes.ai/v1\" --arg seed=2717596881",
		"afs init eval-env --template actor",
		"afs build eval-env --tag eval-env:v1",
		"afs run eval-env:v1 --name eval --env API_KEY=xxx",
		"afs call eval evaluate --arg task_id=100",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char name[16];

		assert_int_equal(sscanf(lines[i], "afs %15s", name), 1);
		parse_example(command_find(name), lines[i]);
	}
}

static void test_nearest_command(void **state)
{
	(void) state;
	assert_string_equal(command_nearest("bulid"), "build");
	assert_string_equal(command_nearest("stats"), "stats");
	assert_string_equal(command_nearest("method"), "methods");
	assert_string_equal(command_nearest("cal"), "call");
	assert_string_equal(command_nearest("doc"), "doctor");
	assert_string_equal(command_nearest("ls"), "ps");
	assert_null(command_nearest("xyzzy"));
	assert_null(command_nearest(""));
	assert_null(command_nearest("a-very-long-word-that-nobody-ever-mistypes-for-a-command"));
}

/* ---- documents ---------------------------------------------------------------------- */

static int widest(const char *text)
{
	int columns = 0, most = 0;

	for (; *text; text++) {
		columns = *text == '\n' ? 0 : columns + (((unsigned char) *text & 0xc0) != 0x80);
		most = MAX(most, columns);
	}
	return most;
}

static void has(const char *document, const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("%s lacks \"%s\"", document, what);
}

static void test_overview(void **state)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	help_overview(&text, false);
	assert_true(widest(text.data) <= 80);
	assert_null(strchr(text.data, '\x1b'));
	each_command(spec) {
		has("--help", text.data, spec->name);
		has("--help", text.data, spec->summary);
	}
	strbuf_reset(&text);
	help_overview(&text, true);
	assert_non_null(strchr(text.data, '\x1b'));
}

static void test_command_help(void **state)
{
	(void) state;
	each_command(spec) {
		AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

		help_command(&text, spec, false);
		if (widest(text.data) > 80)
			fail_msg("help of %s is %d columns wide", spec->name, widest(text.data));
		assert_null(strstr(text.data, " \n"));
		each_operand(spec, op)
			has(spec->name, text.data, op->name);
		each_option(spec, opt) {
			AUTO_STRBUF name = STRBUF_INIT(STRBUF_LINE);

			strbuf_addf(&name, "--%s", opt->name);
			has(spec->name, text.data, name.data);
			if (opt->def)
				has(spec->name, text.data, opt->def);
		}
		for (size_t i = 0; spec->examples[i]; i++)
			has(spec->name, text.data, spec->examples[i]);
	}
}

static void test_usage_line(void **state)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	help_usage(&text, command_find("build"));
	assert_string_equal(text.data, "afs build ENV_DIR --tag TAG [OPTIONS]");
	strbuf_reset(&text);
	help_usage(&text, command_find("stop"));
	assert_string_equal(text.data, "afs stop [NAME...] [OPTIONS]");
	strbuf_reset(&text);
	help_usage(&text, command_find("exec"));
	assert_string_equal(text.data, "afs exec NAME [OPTIONS] [-- CMD...]");
}

static void test_wrap(void **state)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	help_wrap(&text, "one two three", 2, 10);
	assert_string_equal(text.data, "one two\n  three\n");
	strbuf_reset(&text);
	help_wrap(&text, "averyveryverylongword x", 0, 10);
	assert_string_equal(text.data, "averyveryverylongword\nx\n");
	strbuf_reset(&text);
	help_wrap(&text, "a\nb", 1, 10);
	assert_string_equal(text.data, "a\n b\n");
	strbuf_reset(&text);
	help_wrap(&text, "", 1, 10);
	assert_string_equal(text.data, "\n");
}

/* `prefix` is how the document writes a long option. */
static void names_everything(const char *kind, const char *prefix)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	assert_int_equal(generate(&text, kind, NULL), AF_OK);
	each_command(spec) {
		has(kind, text.data, spec->name);
		each_option(spec, opt) {
			AUTO_STRBUF name = STRBUF_INIT(STRBUF_LINE);
			const char *pos = opt->choices, *choice;
			size_t len;

			strbuf_addf(&name, "%s%s", prefix, opt->name);
			has(kind, text.data, name.data);
			while (choice_next(&pos, &choice, &len)) {
				strbuf_reset(&name);
				strbuf_add(&name, choice, len);
				has(kind, text.data, name.data);
			}
		}
	}
}

static void test_manual_names_everything(void **state)
{
	(void) state;
	names_everything("man", "Fl \\-");
}

static void test_bash_names_everything(void **state)
{
	(void) state;
	names_everything("bash", "--");
}

static void test_zsh_names_everything(void **state)
{
	(void) state;
	names_everything("zsh", "--");
}

static void test_fish_names_everything(void **state)
{
	(void) state;
	names_everything("fish", "-l ");
}

static void test_manual_has_every_exit_status(void **state)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	generate_man(&text);
#define STATUS(code, name, status, meaning) \
	has("man", text.data, ".It " #status "\n"); \
	has("man", text.data, meaning);
	AF_CODES(STATUS)
#undef STATUS
}

static void test_unknown_document(void **state)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	assert_int_equal(generate(&text, "html", NULL), AF_ERR_USAGE);
	assert_int_equal(text.len, 0);
}

static void test_completion_kinds(void **state)
{
	struct command_context cx = { 0 };
	AUTO_STRLIST found = { 0 };

	(void) state;
	assert_int_equal(complete_kind(&cx, "image", NULL, &found, NULL), AF_OK);
	assert_int_equal(complete_kind(&cx, "env", NULL, &found, NULL), AF_OK);
	assert_int_equal(complete_kind(&cx, "method", "my-env", &found, NULL), AF_OK);
	assert_int_equal(complete_kind(&cx, "method", NULL, &found, NULL), AF_OK);
	assert_int_equal(complete_kind(&cx, "nope", NULL, &found, NULL), AF_ERR_USAGE);
	assert_int_equal(found.count, 0);
	assert_string_equal(generate_dynamic(WORD_METHOD), "method");
	assert_null(generate_dynamic(WORD_TEXT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_is_described),
		cmocka_unit_test(test_every_option_is_described),
		cmocka_unit_test(test_option_names_do_not_clash),
		cmocka_unit_test(test_operands_are_in_order),
		cmocka_unit_test(test_names_are_unique_and_groups_stand_together),
		cmocka_unit_test(test_every_example_is_valid),
		cmocka_unit_test(test_promised_lines_are_valid),
		cmocka_unit_test(test_nearest_command),
		cmocka_unit_test(test_overview),
		cmocka_unit_test(test_command_help),
		cmocka_unit_test(test_usage_line),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_manual_names_everything),
		cmocka_unit_test(test_bash_names_everything),
		cmocka_unit_test(test_zsh_names_everything),
		cmocka_unit_test(test_fish_names_everything),
		cmocka_unit_test(test_manual_has_every_exit_status),
		cmocka_unit_test(test_unknown_document),
		cmocka_unit_test(test_completion_kinds),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
