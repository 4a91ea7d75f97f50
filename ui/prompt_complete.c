/* Completion: what may stand in the place of a word. See prompt_complete.h. */
#include "ui/prompt_complete.h"

#include <string.h>

#include "command/words.h"
#include "ui/prompt_offer.h"

void completions_free(struct completions *c)
{
	strlist_free(&c->matches);
}

/* ---- the words before ---------------------------------------------------------------------------- */

/* The option whose value comes next: the word before is "--name" or "-n" and takes one. */
static const struct option_spec *option_before(const struct command_spec *spec, const char *previous)
{
	for (const struct option_spec *o = spec->options; o && o->name; o++)
		if (o->kind != WORD_FLAG && ((str_starts(previous, "--") && !strcmp(previous + 2, o->name)) ||
					     (o->short_name && previous[0] == '-' && previous[1] == o->short_name &&
					      !previous[2])))
			return o;
	return NULL;
}

/* Those that are neither options nor their values. */
static af_code find_operands(const struct command_spec *spec, const struct strlist *words, struct strlist *out)
{
	af_code rc = AF_OK;

	for (size_t i = 1; !rc && i < words->count; i++)
		if (*words->items[i] != '-' && !option_before(spec, words->items[i - 1]))
			rc = strlist_add(out, words->items[i], NULL);
	return rc;
}

/* The operand in this place; a repeated one goes on. */
static const struct operand_spec *operand_at(const struct command_spec *spec, size_t place)
{
	const struct operand_spec *op = spec->operands;

	for (; op && op->name && place && !op->repeat; place--)
		op++;
	return op && op->name ? op : NULL;
}

/* Is this one of arguments to a method? */
static bool takes_arguments(const struct command_spec *spec)
{
	for (const struct operand_spec *op = spec->operands; op && op->name; op++)
		if (op->kind == WORD_METHOD)
			return true;
	return false;
}

static void offer_value(struct offering *o, const struct option_spec *option)
{
	offer_kind(o, option->kind, option->choices);
	if (option->kind == WORD_KEYVALUE && takes_arguments(o->spec))
		offer_arguments(o);
	else if (option->kind == WORD_INT && !strcmp(option->name, "replica"))
		offer_replicas(o);
}

static void offer_word(struct offering *o)
{
	AUTO_STRLIST operands = { 0 };
	const struct option_spec *option;

	if (!o->words->count) {
		offer_commands(o);
		return;
	}
	if (!(o->spec = command_find(o->words->items[0])) || find_operands(o->spec, o->words, &operands))
		return;
	o->operands = &operands;
	if ((option = option_before(o->spec, o->words->items[o->words->count - 1]))) {
		offer_value(o, option);
		return;
	}
	const struct operand_spec *operand = operand_at(o->spec, operands.count);
	if (operand && *o->word != '-') {
		offer_kind(o, operand->kind, NULL);
		if (operand->repeat && takes_arguments(o->spec))
			offer_arguments(o);
	}
	if (*o->word == '-' || (!o->matches->count && !*o->word))
		offer_options(o);
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
	struct offering o = { .app = app, .words = &words, .word = word, .matches = &out->matches };
	offer_word(&o);
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
	for (size_t i = 0; !at_word && i < c.matches.count; i++)
		if (str_ends(c.matches.items[i], "="))
			strbuf_addf(out, "%s  ", c.matches.items[i]);
	completions_free(&c);
}
