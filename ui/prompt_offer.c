/* See prompt_offer.h. */
#include "ui/prompt_offer.h"

#include <stdio.h>
#include <string.h>

#include "command/words.h"
#include "ui/candidates.h"
#include "ui/methods.h"

/* As it stands: it is known to fit into a line. */
static void add(struct offering *o, const char *whole)
{
	if (str_starts(whole, o->word) && !strlist_has(o->matches, whole) && strlist_add(o->matches, whole, NULL))
		return;
}

static void offer(struct offering *o, const char *candidate, const char *behind)
{
	AUTO_FREE char *whole = str_format(NULL, "%s%s", candidate, behind);

	/* Names come from engines too; one that a line cannot hold as it is, is not offered. */
	if (whole && *candidate && !candidate[strcspn(candidate, " \t\r\n\"'\\\033")])
		add(o, whole);
}

void offer_commands(struct offering *o)
{
	for (const struct command_spec *const *s = command_table; *s; s++)
		offer(o, (*s)->name, " ");
}

void offer_options(struct offering *o)
{
	for (const struct option_spec *op = o->spec->options; op && op->name; op++) {
		AUTO_FREE char *option = str_format(NULL, "--%s", op->name);
		if (option)
			offer(o, option, " ");
	}
}

/* ---- what runs ---------------------------------------------------------------------------------- */

/* Each once: stop takes several. */
static void offer_environments(struct offering *o)
{
	for (int i = 0; i < o->app->model.count; i++)
		if (!strlist_has(o->operands, o->app->model.environments[i].name))
			offer(o, o->app->model.environments[i].name, " ");
}

static const char *environment_of(const struct offering *o)
{
	return o->operands->count ? o->operands->items[0] : NULL;
}

void offer_replicas(struct offering *o)
{
	const struct environment *e = model_environment(&o->app->model, environment_of(o));
	char number[16];

	for (int i = 0; e && i < e->count; i++) {
		snprintf(number, sizeof(number), "%d", e->replicas[i].number);
		offer(o, number, " ");
	}
}

/* The engine's, those of what runs (on other hosts too), and those that commands of this session named. */
static void offer_images(struct offering *o)
{
	const struct strlist *known = candidates(o->app, CANDIDATES_IMAGES, NULL, NULL);

	for (size_t i = 0; known && i < known->count; i++)
		offer(o, known->items[i], " ");
	for (int i = 0; i < o->app->model.count; i++)
		if (!strcmp(o->app->model.environments[i].mode, "docker"))
			offer(o, o->app->model.environments[i].image, " ");
	for (const struct job_row *const *j = job_list(o->app); *j; j++) {
		AUTO_STRLIST words = { 0 };
		if (words_split((*j)->line, &words, NULL))
			continue;
		for (size_t i = 1; i < words.count; i++)
			if (!strcmp(words.items[i - 1], "--tag") || (i == 1 && !strcmp(words.items[0], "run") && *words.items[1] != '-'))
				offer(o, words.items[i], " ");
	}
}

/* ---- methods and their arguments ------------------------------------------------------------------ */

static void offer_methods(struct offering *o)
{
	const struct method_list *methods = environment_of(o) ? methods_of(o->app, environment_of(o)) : NULL;

	for (size_t i = 0; methods && i < methods->count; i++)
		offer(o, methods->items[i].name, " ");
}

static const struct method *method_of(const struct offering *o)
{
	const struct method_list *methods = o->operands->count > 1 ? methods_of(o->app, environment_of(o)) : NULL;

	for (size_t i = 0; methods && i < methods->count; i++)
		if (!strcmp(methods->items[i].name, o->operands->items[1]))
			return &methods->items[i];
	return NULL;
}

static bool is_given(const struct offering *o, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 1; i < o->words->count; i++)
		if (!strncmp(o->words->items[i], name, len) && o->words->items[i][len] == '=')
			return true;
	return false;
}

/* Values stand in quotes where they need them; nobody types these first. */
static void offer_value(struct offering *o, const char *value)
{
	AUTO_FREE char *whole = str_format(NULL, "%s ", value);
	size_t name = strcspn(value, "=") + 1;

	if (!whole)
		return;
	if (value[name] == '\'' && !strncmp(value, o->word, name) && str_starts(value + name + 1, o->word + name) &&
	    !strlist_has(o->matches, whole) && strlist_add(o->matches, whole, NULL))
		return;
	add(o, whole);
}

void offer_arguments(struct offering *o)
{
	const struct method *m = method_of(o);
	AUTO_STRLIST names = { 0 };

	if (strchr(o->word, '=')) {
		bool of_method = o->operands->count > 1;
		const struct strlist *past = of_method ? candidates(o->app, CANDIDATES_VALUES, environment_of(o),
								    o->operands->items[1]) : NULL;
		for (size_t i = 0; past && i < past->count; i++)
			offer_value(o, past->items[i]);
		return;
	}
	if (m && m->signature)
		signature_names(m->signature, &names);
	for (size_t i = 0; i < names.count; i++)
		if (!is_given(o, names.items[i]))
			offer(o, names.items[i], "=");
}

/* ---- files ---------------------------------------------------------------------------------------------- */

/* Hidden ones once their dot is typed. A directory stays open behind its "/". */
static void offer_files(struct offering *o, bool directories)
{
	const char *slash = strrchr(o->word, '/');
	AUTO_FREE char *dir = str_ndup(o->word, slash ? (size_t) (slash - o->word) + 1 : 0, NULL);
	const struct strlist *names = dir ? candidates(o->app, CANDIDATES_FILES, dir, NULL) : NULL;

	for (size_t i = 0; names && i < names->count; i++) {
		const char *name = names->items[i];
		AUTO_FREE char *path = str_format(NULL, "%s%s", dir, name);
		bool is_dir = str_ends(name, "/"), hidden = *name == '.' && o->word[strlen(dir)] != '.';
		if (path && !hidden && (is_dir || !directories))
			offer(o, path, is_dir ? "" : " ");
	}
}

/* ---- by kind ---------------------------------------------------------------------------------------------- */

static void offer_choices(struct offering *o, const char *choices)
{
	for (const char *p = choices; p && *p;) {
		size_t len = strcspn(p, "|");
		AUTO_FREE char *choice = str_ndup(p, len, NULL);
		if (choice)
			offer(o, choice, " ");
		p += len + (p[len] == '|');
	}
}

void offer_kind(struct offering *o, enum word_kind kind, const char *choices)
{
	switch (kind) {
	case WORD_ENV:
		offer_environments(o);
		break;
	case WORD_IMAGE:
		offer_images(o);
		break;
	case WORD_METHOD:
		offer_methods(o);
		break;
	case WORD_CHOICE:
	case WORD_TEMPLATE:
		offer_choices(o, choices);
		break;
	case WORD_DIR:
	case WORD_FILE:
		offer_files(o, kind == WORD_DIR);
		break;
	default:
		break;
	}
}
