/* Completion. See prompt_complete.h. */
#include "ui/prompt_complete.h"

#include <string.h>

#include "command/words.h"
#include "ui/methods.h"

void completions_free(struct completions *c)
{
	strlist_free(&c->matches);
}

/* ---- candidates ------------------------------------------------------------------------------- */

static void offer(struct completions *c, const char *word, const char *candidate, const char *behind)
{
	AUTO_FREE char *whole = str_format(NULL, "%s%s", candidate, behind);

	/* Names come from engines too; one that a line cannot hold as it is, is not offered. */
	if (!*candidate || candidate[strcspn(candidate, " \t\r\n\"'\\\033")])
		return;
	if (whole && str_starts(whole, word) && !strlist_has(&c->matches, whole) && strlist_add(&c->matches, whole, NULL))
		return;
}

static void offer_environments(struct app *app, struct completions *c, const char *word)
{
	for (int i = 0; i < app->model.count; i++)
		offer(c, word, app->model.environments[i].name, " ");
}

/* Images of what runs, and those of commands run before. */
static void offer_images(struct app *app, struct completions *c, const char *word)
{
	for (int i = 0; i < app->model.count; i++)
		offer(c, word, app->model.environments[i].image, " ");
	for (const struct job_row *const *j = job_list(app); *j; j++) {
		AUTO_STRLIST words = { 0 };
		if (words_split((*j)->line, &words, NULL))
			continue;
		for (size_t i = 1; i < words.count; i++)
			if (!strcmp(words.items[i - 1], "--tag") || (i == 1 && !strcmp(words.items[0], "run") && *words.items[1] != '-'))
				offer(c, word, words.items[i], " ");
	}
}

/* Values that this argument had before: the word is "name=" or more. */
static void offer_past_values(struct app *app, struct completions *c, const char *word)
{
	for (const struct job_row *const *j = job_list(app); *j; j++) {
		AUTO_STRLIST words = { 0 };
		if (!str_starts((*j)->line, "call ") || words_split((*j)->line, &words, NULL))
			continue;
		for (size_t i = 3; i < words.count; i++)
			if (!str_ends(words.items[i], "=***"))
				offer(c, word, words.items[i], " ");
	}
}

static void offer_methods(struct app *app, struct completions *c, const char *environment, const char *word)
{
	const struct method_list *methods = methods_of(app, environment);

	for (size_t i = 0; methods && i < methods->count; i++)
		offer(c, word, methods->items[i].name, " ");
}

static const struct method *find_method(struct app *app, const char *environment, const char *name)
{
	const struct method_list *methods = methods_of(app, environment);

	for (size_t i = 0; methods && i < methods->count; i++)
		if (!strcmp(methods->items[i].name, name))
			return &methods->items[i];
	return NULL;
}

/* "name=" of parameters that the words do not have yet. */
static void offer_parameters(struct app *app, struct completions *c, const struct strlist *words, const char *word)
{
	const struct method *m = words->count > 2 ? find_method(app, words->items[1], words->items[2]) : NULL;
	AUTO_STRLIST names = { 0 };

	if (strchr(word, '='))
		offer_past_values(app, c, word);
	if (m && m->signature)
		signature_names(m->signature, &names);
	for (size_t i = 0; i < names.count; i++) {
		bool given = false;
		size_t len = strlen(names.items[i]);
		for (size_t k = 3; k < words->count; k++)
			given |= !strncmp(words->items[k], names.items[i], len) && words->items[k][len] == '=';
		if (!given)
			offer(c, word, names.items[i], "=");
	}
}

static void offer_options(const struct command_spec *spec, struct completions *c, const char *word)
{
	for (const struct option_spec *o = spec->options; o && o->name; o++) {
		AUTO_FREE char *option = str_format(NULL, "--%s", o->name);
		if (option)
			offer(c, word, option, " ");
	}
}

static void offer_choices(const char *choices, struct completions *c, const char *word)
{
	for (const char *p = choices; p && *p;) {
		size_t len = strcspn(p, "|");
		AUTO_FREE char *choice = str_ndup(p, len, NULL);
		if (choice)
			offer(c, word, choice, " ");
		p += len + (p[len] == '|');
	}
}

static void offer_kind(struct app *app, struct completions *c, enum word_kind kind, const char *choices,
		       const struct strlist *words, const char *word)
{
	switch (kind) {
	case WORD_ENV:
		offer_environments(app, c, word);
		break;
	case WORD_IMAGE:
		offer_images(app, c, word);
		break;
	case WORD_METHOD:
		if (words->count > 1)
			offer_methods(app, c, words->items[1], word);
		break;
	case WORD_CHOICE:
	case WORD_TEMPLATE:
		offer_choices(choices, c, word);
		break;
	default:
		break;
	}
}

/* The option whose value the word is: the word before is "--name" or "-n" and takes one. */
static const struct option_spec *option_before(const struct command_spec *spec, const char *previous)
{
	for (const struct option_spec *o = spec->options; o && o->name; o++)
		if (o->kind != WORD_FLAG && ((str_starts(previous, "--") && !strcmp(previous + 2, o->name)) ||
					     (o->short_name && previous[0] == '-' && previous[1] == o->short_name &&
					      !previous[2])))
			return o;
	return NULL;
}

/* The operand in this place; a repeated one goes on. */
static const struct operand_spec *operand_at(const struct command_spec *spec, const struct strlist *words)
{
	const struct operand_spec *op = spec->operands;

	for (size_t i = 1; op && op->name && i < words->count; i++) {
		bool option = *words->items[i] == '-';
		bool value = i > 1 && option_before(spec, words->items[i - 1]);
		if (!option && !value && !op->repeat)
			op++;
	}
	return op && op->name ? op : NULL;
}

static void offer_word(struct app *app, struct completions *c, const struct strlist *words, const char *word)
{
	const struct command_spec *spec;

	if (!words->count) {
		for (const struct command_spec *const *s = command_table; *s; s++)
			offer(c, word, (*s)->name, " ");
		return;
	}
	if (!(spec = command_find(words->items[0])))
		return;
	const struct option_spec *option = option_before(spec, words->items[words->count - 1]);
	if (option) {
		offer_kind(app, c, option->kind, option->choices, words, word);
		if (!strcmp(spec->name, "call") && !strcmp(option->name, "arg"))
			offer_parameters(app, c, words, word);
		return;
	}
	const struct operand_spec *operand = operand_at(spec, words);
	if (operand && *word != '-')
		offer_kind(app, c, operand->kind, NULL, words, word);
	if (!strcmp(spec->name, "call"))
		offer_parameters(app, c, words, word);
	if (*word == '-' || (!c->matches.count && !*word))
		offer_options(spec, c, word);
}

/* ---- the line -------------------------------------------------------------------------------------- */

static size_t common_prefix(const struct strlist *matches)
{
	size_t len = strlen(matches->items[0]);

	for (size_t i = 1; i < matches->count; i++) {
		size_t n = 0;
		while (n < len && matches->items[i][n] == matches->items[0][n])
			n++;
		len = n;
	}
	/* Not into a character. */
	while (len && ((unsigned char) matches->items[0][len] & 0xc0) == 0x80)
		len--;
	return len;
}

bool complete_line(struct app *app, const char *line, size_t point, struct completions *out)
{
	AUTO_FREE char *before = str_ndup(line, point, NULL);
	AUTO_STRLIST words = { 0 };

	*out = (struct completions){ 0 };
	if (!before)
		return false;
	char *space = strrchr(before, ' ');
	out->start = space ? (size_t) (space - before) + 1 : 0;
	AUTO_FREE char *word = str_dup(before + out->start, NULL);
	before[out->start] = '\0';
	/* A quote that is open: nothing sensible to offer. */
	if (!word || words_split(before, &words, NULL))
		return false;
	if (words.count && !strcmp(words.items[0], "afs")) {
		free(words.items[0]);
		memmove(words.items, words.items + 1, words.count-- * sizeof(*words.items));
	}
	offer_word(app, out, &words, word);
	if (!out->matches.count)
		return false;
	out->common = common_prefix(&out->matches);
	return true;
}

void complete_ghost(struct app *app, const char *line, struct strbuf *out)
{
	struct completions c;
	size_t len = strlen(line);

	if (!len || !complete_line(app, line, len, &c))
		return;
	bool at_word = line[len - 1] != ' ';
	if (at_word && c.matches.count == 1)
		strbuf_adds(out, c.matches.items[0] + (len - c.start));
	/* Between words only what a method takes next; a list of commands would be noise. */
	if (!at_word && str_starts(line, "call "))
		for (size_t i = 0; i < c.matches.count && i < 6; i++)
			if (str_ends(c.matches.items[i], "="))
				strbuf_addf(out, "%s  ", c.matches.items[i]);
	completions_free(&c);
}
