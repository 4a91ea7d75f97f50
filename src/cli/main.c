/* afs: argv → command → stdout and exit status. The only place that exits. */
#include <signal.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "command/complete.h"
#include "command/generate.h"
#include "command/help.h"

struct cli {
	struct cancel *cancel;
	struct terminal terminal;
	struct signals signals;
	struct command_context cx;
};

static void print(struct cli *cli, const struct strbuf *text)
{
	command_out(&cli->cx, text->data, text->len);
}

/* ---- running a command ----------------------------------------------------------------- */

/* Makes the library's context: cli->cx.af. */
static af_code open_context(struct cli *cli, struct af_error *err)
{
	struct af_options options = { .ask_passphrase = ask_secret, .arg = &cli->terminal };

	return af_new(&options, &cli->cx.af, err);
}

static void close_context(struct cli *cli)
{
	af_free(af_steal(cli->cx.af));
}

static bool is_quiet(const struct command_spec *spec, const struct args *args)
{
	for (const struct option_spec *opt = spec->options; opt->name; opt++)
		if (strcmp(opt->name, "quiet") == 0)
			return args_has(args, "quiet");
	return false;
}

static af_code run_command(struct cli *cli, const struct command_spec *spec, const struct args *args,
			   struct af_error *err)
{
	af_code rc = signals_start(&cli->signals, cli->cancel, &cli->terminal, err);

	cli->terminal.io.quiet = is_quiet(spec, args);
	if (!rc && !spec->standalone)
		rc = open_context(cli, err);
	if (!rc)
		rc = spec->run(&cli->cx, args, err);
	close_context(cli);
	signals_stop(&cli->signals);
	return rc;
}

static af_code show_command_help(struct cli *cli, const struct command_spec *spec)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	help_command(&text, spec, cli->terminal.io.color);
	print(cli, &text);
	return AF_OK;
}

static af_code find_command(const char *name, const struct command_spec **out, struct af_error *err)
{
	const char *near;

	*out = command_find(name);
	if (*out)
		return AF_OK;
	near = command_nearest(name);
	error_set(err, AF_ERR_USAGE, "there is no %s \"%s\"", name[0] == '-' ? "option" : "command", name);
	if (near)
		error_hint(err, "did you mean `afs %s`? `afs --help` lists all", near);
	else
		error_hint(err, "`afs --help` shows what there is");
	return AF_ERR_USAGE;
}

static af_code named_command(struct cli *cli, int count, const char *const *words, struct af_error *err)
{
	AF_AUTO(args) struct args *args = NULL;
	const struct command_spec *spec;
	af_code rc = find_command(words[0], &spec, err);

	if (!rc)
		rc = args_parse(spec, count - 1, words + 1, &args, err);
	if (rc)
		return rc;
	return args_help(args) ? show_command_help(cli, spec) : run_command(cli, spec, args, err);
}

/* ---- afs's own options -------------------------------------------------------------------- */

static af_code show_help(struct cli *cli, int count, const char *const *words, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	const struct command_spec *spec;
	af_code rc;

	if (count > 0) {
		rc = find_command(words[0], &spec, err);
		return rc ? rc : show_command_help(cli, spec);
	}
	help_overview(&text, cli->terminal.io.color);
	print(cli, &text);
	return AF_OK;
}

static af_code show_version(struct cli *cli, int count UNUSED, const char *const *words UNUSED,
			    struct af_error *err UNUSED)
{
	command_outf(&cli->cx, "afs %s\n", af_version());
	return AF_OK;
}

static af_code show_generated(struct cli *cli, int count, const char *const *words, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	af_code rc;

	if (count != 1)
		return error_set(err, AF_ERR_USAGE, "--generate takes man, bash, zsh or fish");
	rc = generate(&text, words[0], err);
	if (!rc)
		print(cli, &text);
	return rc;
}

static af_code show_candidates(struct cli *cli, int count, const char *const *words, struct af_error *err)
{
	AUTO_STRLIST found = { 0 };
	af_code rc;

	if (count < 1 || count > 2)
		return error_set(err, AF_ERR_USAGE, "--complete takes image, env, or method and an environment");
	rc = open_context(cli, err);
	if (!rc)
		rc = complete_kind(&cli->cx, words[0], count > 1 ? words[1] : NULL, &found, err);
	for (size_t i = 0; !rc && i < found.count; i++)
		command_outf(&cli->cx, "%s\n", found.items[i]);
	close_context(cli);
	return rc;
}

static af_code dispatch(struct cli *cli, int count, const char *const *words, struct af_error *err)
{
	static const struct {
		const char *word;
		af_code (*run)(struct cli *cli, int count, const char *const *words, struct af_error *err);
	} own[] = {
		{ "--help", show_help },       { "-h", show_help },
		{ "help", show_help },         { "--version", show_version },
		{ "-V", show_version },        { "--generate", show_generated },
		{ "--complete", show_candidates },
	};

	if (count == 0)
		return show_help(cli, 0, words, err);
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcmp(words[0], own[i].word) == 0)
			return own[i].run(cli, count - 1, words + 1, err);
	return named_command(cli, count, words, err);
}

/* ---- main -------------------------------------------------------------------------------------- */

static af_code cli_init(struct cli *cli, struct af_error *err)
{
	af_code rc;

	cli->cancel = cancel_new(err);
	if (!cli->cancel)
		return AF_ERR_NOMEM;
	rc = terminal_init(&cli->terminal, cli->cancel, err);
	if (rc) {
		cancel_free(cli->cancel);
		return rc;
	}
	cli->cx = (struct command_context){ .io = &cli->terminal.io, .cancel = cli->cancel };
	return AF_OK;
}

/* A result that did not get out turns success into failure, and is why the command was cancelled. */
static af_code finish(struct cli *cli, af_code rc, struct af_error *err)
{
	struct af_error lost = AF_ERROR_INIT;
	af_code lost_rc = terminal_finish(&cli->terminal, &lost);

	if (lost_rc && (rc == AF_OK || rc == AF_ERR_CANCELLED)) {
		af_error_clear(err);
		error_move(err, &lost);
		rc = lost_rc;
	}
	af_error_clear(&lost);
	if (rc)
		terminal_error(&cli->terminal, err);
	return rc;
}

int main(int argc, char **argv)
{
	struct af_error err = AF_ERROR_INIT;
	struct cli cli = { 0 };
	af_code rc;
	int status;

	terminal_claim_streams();
	signal(SIGPIPE, SIG_IGN); /* a write says EPIPE instead */
	rc = cli_init(&cli, &err);
	if (rc) {
		af_error_clear(&err);
		return af_code_exit_status(rc);
	}
	rc = dispatch(&cli, MAX(argc - 1, 0), (const char *const *) argv + (argc > 0), &err);
	rc = finish(&cli, rc, &err);
	status = rc ? af_code_exit_status(rc) : cli.cx.exit_status;
	af_error_clear(&err);
	terminal_free(&cli.terminal);
	cancel_free(cli.cancel);
	return status;
}
