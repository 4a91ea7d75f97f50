/* The manual page afs(1), in mdoc. */
#include <string.h>

#include "command/args_priv.h"
#include "command/generate.h"
#include "command/help.h"

/* A date of the text, not of the build, so that builds can be repeated. */
#define MAN_DATE "November 23, 2026"

struct named_text {
	const char *name;
	const char *text;
};

static const struct named_text variables[] = {
	{ "AFS_BASE_IMAGE", "Image that new and built environments start from, where --base-image and --build-arg do not say it." },
	{ "DOCKER_HOST", "Address of the engine: unix://PATH or tcp://HOST:PORT." },
	{ "DOCKER_CONTEXT", "Name of the docker context to use; DOCKER_HOST overrides it." },
	{ "DOCKER_TLS_VERIFY", "When not empty, a tcp engine is spoken to over TLS and its certificate is verified." },
	{ "DOCKER_CERT_PATH", "Directory of ca.pem, cert.pem and key.pem for that." },
	{ "DOCKER_API_VERSION", "Version of the engine's API, instead of the negotiated one." },
	{ "DOCKER_CONFIG", "Directory of docker's config.json, instead of ~/.docker." },
	{ "SSH_AUTH_SOCK", "Agent with the keys for remote hosts." },
	{ "http_proxy, https_proxy, no_proxy", "Proxies to environments of mode url." },
	{ "NO_COLOR", "When not empty, nothing is coloured." },
	{ "TERM", "When dumb, progress is shown as plain lines." },
	{ "XDG_CONFIG_HOME", "Directory of affinetes/config, instead of ~/.config." },
	{ "XDG_STATE_HOME", "Directory of affinetes with the history, registered environments and hosts used before, instead of "
			    "~/.local/state." },
	{ "XDG_CACHE_HOME", "Directory of affinetes with what may be made anew, instead of ~/.cache." },
	{ "XDG_RUNTIME_DIR", "Directory of affinetes with sockets and locks, instead of /tmp/affinetes-UID." },
};

static const struct named_text files[] = {
	{ "env.py", "The environment: an Actor class, functions, or a FastAPI application." },
	{ "Dockerfile", "How the environment's image is built." },
	{ "config.py", "Optional; its resolve_buildargs function returns build arguments." },
	{ ".dockerignore", "Optional; what is not sent to the engine." },
	{ "~/.docker/config.json", "Contexts and registry credentials." },
	{ "~/.config/affinetes/config", "Lines host = ssh://USER@HOST:PORT name remote hosts that are always looked at; the rest is "
					"described in afs-tui(1)." },
	{ "~/.local/state/affinetes/history.db", "The history of calls." },
	{ "~/.local/state/affinetes/hosts", "Remote hosts that environments were started on." },
	{ "~/.local/state/affinetes/environments", "Environments of modes process and url, with the logs of processes." },
	{ "~/.ssh/config, ~/.ssh/known_hosts", "How remote hosts are reached, and their keys." },
};

/* ---- mdoc ------------------------------------------------------------------------- */

/* Appends s so that it is text and nothing else, wherever it stands in a line. */
static void man_escape(struct strbuf *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		strbuf_adds(out, "\\&");
	for (; *s; s++)
		if (*s == '\\')
			strbuf_adds(out, "\\e");
		else if (*s == '"')
			strbuf_adds(out, "\\(dq");
		else if (str_starts(s, "…")) {
			strbuf_adds(out, "...");
			s += strlen("…") - 1;
		} else
			strbuf_addc(out, *s);
}

/* A line of text; each sentence begins a new one, as mdoc wants it. */
static void man_text(struct strbuf *out, const char *text)
{
	while (*text) {
		const char *end = strstr(text, ". ");
		AUTO_FREE char *sentence = end ? str_ndup(text, (size_t) (end - text) + 1, NULL) : str_dup(text, NULL);

		man_escape(out, sentence ? sentence : "");
		strbuf_addc(out, '\n');
		text = end ? end + 2 : "";
	}
}

/* A word as the argument of a macro. */
static void man_word(struct strbuf *out, const char *word)
{
	strbuf_adds(out, " \"");
	if (strlen(word) <= 3)
		strbuf_adds(out, "\\&"); /* it could be the name of a macro, or punctuation */
	man_escape(out, word);
	strbuf_addc(out, '"');
}

static void man_list(struct strbuf *out, const char *macro, const struct named_text *rows, size_t count)
{
	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < count; i++) {
		strbuf_addf(out, ".It %s", macro);
		man_word(out, rows[i].name);
		strbuf_addc(out, '\n');
		man_text(out, rows[i].text);
	}
	strbuf_adds(out, ".El\n");
}

/* ---- commands ----------------------------------------------------------------------- */

static void operand_words(struct strbuf *out, const struct command_spec *spec)
{
	for (const struct operand_spec *op = spec->operands; op->name; op++) {
		strbuf_adds(out, op->optional ? ".Op Ar" : ".Ar");
		man_word(out, op->name);
		strbuf_adds(out, op->repeat ? " ...\n" : "\n");
	}
}

static void value_word(struct strbuf *out, const struct option_spec *opt)
{
	if (opt->kind == WORD_FLAG)
		return;
	strbuf_adds(out, " Ar");
	man_word(out, opt->value);
}

static void synopsis(struct strbuf *out, const struct command_spec *spec)
{
	strbuf_addf(out, ".Nm\n.Cm %s\n", spec->name);
	operand_words(out, spec);
	for (const struct option_spec *opt = spec->options; opt->name; opt++) {
		strbuf_addf(out, opt->required ? ".Fl \\-%s" : ".Op Fl \\-%s", opt->name);
		value_word(out, opt);
		strbuf_adds(out, opt->repeat ? " ...\n" : "\n");
	}
	if (spec->trailing_command)
		strbuf_adds(out, ".Op Fl \\- Ar CMD ...\n");
}

static void option_item(struct strbuf *out, const struct option_spec *opt)
{
	AUTO_STRBUF facts = STRBUF_INIT(STRBUF_LINE);

	strbuf_adds(out, ".It");
	if (opt->short_name)
		strbuf_addf(out, " Fl %c ,", opt->short_name);
	strbuf_addf(out, " Fl \\-%s", opt->name);
	value_word(out, opt);
	strbuf_addc(out, '\n');
	help_option_facts(&facts, opt);
	man_escape(out, opt->help);
	if (facts.len > 0) {
		strbuf_adds(out, " (");
		man_escape(out, facts.data);
		strbuf_addc(out, ')');
	}
	strbuf_adds(out, ".\n");
}

static void items(struct strbuf *out, const struct command_spec *spec)
{
	if (!spec->operands->name && !spec->options->name)
		return;
	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (const struct operand_spec *op = spec->operands; op->name; op++) {
		strbuf_adds(out, ".It Ar");
		man_word(out, op->name);
		strbuf_addc(out, '\n');
		man_escape(out, op->help);
		strbuf_adds(out, ".\n");
	}
	for (const struct option_spec *opt = spec->options; opt->name; opt++)
		option_item(out, opt);
	strbuf_adds(out, ".El\n");
}

static void command_section(struct strbuf *out, const struct command_spec *spec)
{
	strbuf_addf(out, ".Ss afs %s\n", spec->name);
	synopsis(out, spec);
	strbuf_adds(out, ".Pp\n");
	man_escape(out, spec->summary);
	strbuf_adds(out, ".\n");
	for (const char *text = spec->description; text && *text;) {
		size_t len = strcspn(text, "\n");
		AUTO_FREE char *paragraph = str_ndup(text, len, NULL);

		man_text(out, paragraph ? paragraph : "");
		text += len;
		if (*text)
			strbuf_adds(out, ".Pp\n");
		text += *text != '\0';
	}
	items(out, spec);
}

static void examples(struct strbuf *out)
{
	strbuf_adds(out, ".Sh EXAMPLES\n");
	for (size_t i = 0; command_table[i]; i++) {
		const char *const *lines = command_table[i]->examples;

		if (!lines)
			continue;
		man_escape(out, command_table[i]->summary);
		strbuf_adds(out, ":\n.Bd -literal -offset indent\n");
		for (; *lines; lines++) {
			man_escape(out, *lines);
			strbuf_addc(out, '\n');
		}
		strbuf_adds(out, ".Ed\n");
		if (command_table[i + 1])
			strbuf_adds(out, ".Pp\n");
	}
}

/* ---- the page ---------------------------------------------------------------------------- */

static void exit_statuses(struct strbuf *out)
{
	static const struct {
		int status;
		const char *name, *text;
	} codes[] = {
#define CODE_ROW(code, name, status, text) { status, name, text },
		AF_CODES(CODE_ROW)
#undef CODE_ROW
	};
	int last = -1;

	strbuf_adds(out, ".Sh EXIT STATUS\n.Bl -tag -width 130\n");
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i].status != last)
			strbuf_addf(out, ".It %d\n", codes[i].status);
		else
			strbuf_adds(out, ".br\n");
		last = codes[i].status;
		man_escape(out, codes[i].text);
		strbuf_adds(out, ".\n");
	}
	strbuf_adds(out, ".El\n.Pp\nAn error is one sentence on stderr that says what, where and why,\n"
			 "followed by a line with the next step.\n"
			 ".Cm exec\nends with the status of the command that it ran.\n");
}

static void head(struct strbuf *out)
{
	strbuf_adds(out, ".Dd " MAN_DATE "\n.Dt AFS 1\n.Os\n.Sh NAME\n.Nm afs\n"
			 ".Nd build, run and call Python environments in containers\n"
			 ".Sh SYNOPSIS\n.Nm\n.Ar COMMAND\n.Op OPTIONS\n"
			 ".Nm\n.Ar COMMAND\n.Fl \\-help\n.Nm\n.Fl \\-version\n"
			 ".Sh DESCRIPTION\n");
	man_text(out, "An environment is a directory with env.py and a Dockerfile. "
		      "It is built into an image once, runs anywhere as one or more containers, "
		      "and its methods are called over HTTP without any port being opened.");
	strbuf_adds(out, ".Pp\n");
	man_text(out, "Results go to stdout, everything else to stderr. "
		      "Options and operands may be mixed; -- ends the options. "
		      "A time is seconds, or has a unit: 500ms, 1.5s, 10m, 2h. "
		      "A size has 1024-based units: 512m, 2g.");
}

void generate_man(struct strbuf *out)
{
	head(out);
	strbuf_adds(out, ".Sh COMMANDS\n");
	for (size_t i = 0; command_table[i]; i++)
		command_section(out, command_table[i]);
	strbuf_adds(out, ".Sh ENVIRONMENT\n");
	man_list(out, "Ev", variables, ARRAY_LEN(variables));
	strbuf_adds(out, ".Sh FILES\n");
	man_list(out, "Pa", files, ARRAY_LEN(files));
	exit_statuses(out);
	examples(out);
	strbuf_adds(out, ".Sh SEE ALSO\n.Xr afs-tui 1 ,\n.Xr docker 1 ,\n.Xr ssh 1\n");
}
