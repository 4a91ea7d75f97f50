/* The manual page. See manual.h. */
#include "ui/manual.h"

#include <string.h>

#include "ui/config.h"

/* A date of the text, not of the build, so that builds can be repeated. */
#define MAN_DATE "November 23, 2026"

static const char head[] =
	".Dd " MAN_DATE "\n"
	".Dt AFS-TUI 1\n"
	".Os\n"
	".Sh NAME\n"
	".Nm afs-tui\n"
	".Nd dashboard for evaluation environments\n"
	".Sh SYNOPSIS\n"
	".Nm\n"
	".Op Fl -readonly\n"
	".Op Fl -theme Ar NAME\n"
	".Op Fl -ascii\n"
	".Op Fl -plain\n"
	".Op Fl -script Ar FILE\n"
	".Sh DESCRIPTION\n"
	"Shows which environments run, how their replicas are doing, what they answer and what they log,\n"
	"and has a command line with the commands of\n"
	".Xr afs 1 .\n"
	"Requests are counted by the environments' own servers, so calls of any client are among them.\n"
	"Leaving it stops nothing.\n"
	".Bl -tag -width Ds\n"
	".It Fl -readonly\n"
	"Actions that change something are off.\n"
	".It Fl -theme Ar NAME\n"
	"Colours: dark, light, high-contrast, deuteranopia, tritanopia, mono, or a file of yours in\n"
	".Pa ~/.config/affinetes/themes .\n"
	".It Fl -ascii\n"
	"Draw with ASCII only.\n"
	".It Fl -plain\n"
	"Print the same state as lines, and leave.\n"
	".It Fl -script Ar FILE\n"
	"No terminal: commands come from\n"
	".Ar FILE ,\n"
	"one a line:\n"
	".Ql size 120x36 ,\n"
	".Ql key Down ,\n"
	".Ql type TEXT ,\n"
	".Ql paste TEXT ,\n"
	".Ql wait TEXT\n"
	"(until the screen has it, 15 seconds at most),\n"
	".Ql gone TEXT ,\n"
	".Ql dump\n"
	"(the screen, on stdout).\n"
	".El\n";

static const char tail[] =
	".Sh ENVIRONMENT\n"
	".Bl -tag -width Ds\n"
	".It Ev NO_COLOR\n"
	"No colours, but bold, dim, underline and reverse.\n"
	".It Ev TERM , COLORTERM\n"
	"What the terminal can; with\n"
	".Ql COLORTERM=truecolor\n"
	"colours are drawn as themes name them, else with the 256, 8 or none that there are.\n"
	".It Ev LC_ALL , LC_CTYPE , LANG\n"
	"Where they do not say UTF-8, only ASCII is drawn.\n"
	".It Ev AFS_THEMES\n"
	"A directory with more themes.\n"
	".It Ev XDG_CONFIG_HOME , XDG_STATE_HOME\n"
	"In place of\n"
	".Pa ~/.config\n"
	"and\n"
	".Pa ~/.local/state .\n"
	".It Ev VISUAL , EDITOR\n"
	"Opens a result.\n"
	".El\n"
	".Pp\n"
	"Those of\n"
	".Xr afs 1 ,\n"
	"such as\n"
	".Ev DOCKER_HOST ,\n"
	"count too.\n"
	".Sh FILES\n"
	".Bl -tag -width Ds\n"
	".It Pa ~/.config/affinetes/config\n"
	"Options, and keys as\n"
	".Ql key.ACTION = KEYS .\n"
	".It Pa ~/.config/affinetes/themes/NAME.theme\n"
	"A theme: lines\n"
	".Ql ROLE = [COLOUR] [on COLOUR] [bold] [dim] [italic] [underline] [reverse] [soft] .\n"
	"With\n"
	".Ql soft\n"
	"a selected row leaves text its own colour.\n"
	".It Pa ~/.local/state/affinetes\n"
	"Where things stood, the history of commands, and of calls.\n"
	"A theme that was chosen by key is kept there until the config file names another than it did.\n"
	".El\n"
	".Sh EXIT STATUS\n"
	"0 after q or a signal that asks it to leave, 1 without a terminal, 2 on wrong usage, 3 if a theme or script is not there,\n"
	"4 if\n"
	".Fl -plain\n"
	"cannot reach the engine, 5 if a script waited in vain.\n"
	".Sh SEE ALSO\n"
	".Xr afs 1\n";

static const char *const contexts[KEYS_CONTEXT_COUNT] = {
	[KEYS_GLOBAL] = "Everywhere",	[KEYS_LIST] = "In lists and text", [KEYS_ENVS] = "Environments",
	[KEYS_DETAIL] = "Detail",	[KEYS_LOGS] = "Logs",		   [KEYS_FORM] = "The form of a call",
	[KEYS_RESULT] = "The result of a call", [KEYS_HISTORY] = "The history of calls", [KEYS_DIALOG] = "Questions",
};

static const struct {
	const char *name, *def, *help;
} options[] = {
#define OPTION_ROW(name, kind, field, def, help) { name, def, help },
	CONFIG_OPTIONS(OPTION_ROW)
#undef OPTION_ROW
};

static const struct {
	const char *name, *help;
} roles[] = {
#define ROLE_ROW(role, name, look, mono, help) { name, help },
	THEME_ROLES(ROLE_ROW)
#undef ROLE_ROW
};

/* Text that begins no request and escapes nothing. */
static void add_text(struct strbuf *out, const char *s)
{
	strbuf_adds(out, "\\&");
	for (; *s; s++)
		strbuf_adds(out, *s == '\\' ? "\\e" : *s == '"' ? "\\(dq" : (char[]){ *s, '\0' });
	strbuf_addc(out, '\n');
}

static void add_item(struct strbuf *out, const char *what, const char *text)
{
	strbuf_adds(out, ".It ");
	add_text(out, what);
	add_text(out, text);
}

static void add_keys(struct strbuf *out)
{
	strbuf_adds(out, ".Sh KEYS\nKey, and in brackets the action's name for the config file.\n");
	for (int c = 0; c < KEYS_CONTEXT_COUNT; c++) {
		bool any = false;
		for (int i = 1; i < ACT_COUNT; i++) {
			const struct action_row *row = &action_rows[i];
			if ((int) row->context != c)
				continue;
			if (!any)
				strbuf_addf(out, ".Ss %s\n.Bl -tag -width Ds\n", contexts[c]);
			any = true;
			AUTO_FREE char *what = str_format(NULL, "%s  [%s]", *row->keys ? row->keys : "(none)", row->name);
			if (what)
				add_item(out, what, row->help);
		}
		if (any)
			strbuf_adds(out, ".El\n");
	}
}

void manual_add(struct strbuf *out)
{
	strbuf_adds(out, head);
	add_keys(out);
	strbuf_adds(out, ".Sh OPTIONS OF THE CONFIG FILE\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		AUTO_FREE char *what = str_format(NULL, "%s = %s", options[i].name, options[i].def);
		if (what)
			add_item(out, what, options[i].help);
	}
	/* Those that stand for many. */
	add_item(out, "host = URL", "a machine whose environments are shown too, such as ssh://me@gpu-a; a line each, and afs reads them as well");
	add_item(out, "key.ACTION = KEYS", "the keys of an action (see KEYS), set apart by blanks; none: it has no key");
	strbuf_adds(out, ".El\n.Sh ROLES OF A THEME\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		add_item(out, roles[i].name, *roles[i].help ? roles[i].help : "the next replica's lines");
	strbuf_adds(out, ".El\n");
	strbuf_adds(out, tail);
}
