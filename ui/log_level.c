/* Levels, as the many ways of logging write them. See log_line.h. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "ui/log_line.h"

/* Behind so many bytes a word is part of the message. */
#define LOOK_FOR ((size_t) 160)

static const char *const names[LEVEL_COUNT] = { "", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };

static const struct {
	const char *word;
	enum log_level level;
} words[] = {
	{ "INFO", LEVEL_INFO },	      { "ERROR", LEVEL_ERROR },	   { "WARNING", LEVEL_WARN },  { "WARN", LEVEL_WARN },
	{ "DEBUG", LEVEL_DEBUG },     { "CRITICAL", LEVEL_FATAL }, { "FATAL", LEVEL_FATAL },   { "TRACE", LEVEL_TRACE },
	{ "NOTICE", LEVEL_INFO },     { "SEVERE", LEVEL_ERROR },   { "PANIC", LEVEL_FATAL },   { "ERR", LEVEL_ERROR },
	{ "EMERG", LEVEL_FATAL },     { "ALERT", LEVEL_FATAL },	   { "CRIT", LEVEL_FATAL },    { "SUCCESS", LEVEL_INFO },
};

const char *log_level_name(enum log_level level)
{
	return names[level];
}

static enum log_level word_level(const char *word, size_t len)
{
	if (len < 3 || len > 8)
		return LEVEL_NONE;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].word) == len && !strncasecmp(words[i].word, word, len))
			return words[i].level;
	return LEVEL_NONE;
}

enum log_level log_level_parse(const char *name)
{
	return word_level(name, strlen(name));
}

static bool is_level_key(const char *word, size_t len)
{
	static const char *const keys[] = { "level", "lvl", "severity", "levelname", "loglevel", "log_level" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strlen(keys[i]) == len && !strncasecmp(keys[i], word, len))
			return true;
	return false;
}

/* ---- the front of a line: time, level, message ------------------------------------------------------- */

struct scan {
	const char *text;
	size_t len, pos;
};

static char at(const struct scan *s, size_t ahead)
{
	return s->pos + ahead < s->len ? s->text[s->pos + ahead] : '\0';
}

static bool literal(struct scan *s, const char *what)
{
	size_t n = strlen(what);

	if (s->len - s->pos < n || memcmp(s->text + s->pos, what, n))
		return false;
	s->pos += n;
	return true;
}

/* '0' stands for a digit. */
static bool shape(struct scan *s, const char *what)
{
	size_t n = strlen(what);

	for (size_t i = 0; i < n; i++)
		if (what[i] == '0' ? !isdigit((unsigned char) at(s, i)) : at(s, i) != what[i])
			return false;
	s->pos += n;
	return true;
}

static void skip_any(struct scan *s, const char *set)
{
	while (at(s, 0) && strchr(set, at(s, 0)))
		s->pos++;
}

/* 2026-01-02T03:04:05.678Z in its variants, or the time alone; in brackets or behind "time=". */
static bool skip_time(struct scan *s)
{
	size_t start = s->pos;
	bool bracket;

	if (!literal(s, "time="))
		literal(s, "ts=");
	bracket = literal(s, "[") || literal(s, "\"");
	if (shape(s, "0000-00-00") || shape(s, "0000/00/00")) {
		if (!literal(s, "T") && !literal(s, " ")) {
			s->pos = start;
			return false;
		}
	}
	if (!shape(s, "00:00:00")) {
		s->pos = start;
		return false;
	}
	if (at(s, 0) == '.' || at(s, 0) == ',')
		for (s->pos++; isdigit((unsigned char) at(s, 0));)
			s->pos++;
	if (!literal(s, "Z") && (at(s, 0) == '+' || at(s, 0) == '-') && isdigit((unsigned char) at(s, 1)))
		for (s->pos++; isdigit((unsigned char) at(s, 0)) || at(s, 0) == ':';)
			s->pos++;
	if (bracket && !literal(s, "]"))
		literal(s, "\"");
	return true;
}

static size_t word_len(const struct scan *s)
{
	size_t n = 0;

	while (isalpha((unsigned char) at(s, n)) || at(s, n) == '_')
		n++;
	return n;
}

/* A level that stands here, with what sets it apart: "INFO:", "[warning]", "level=info", "| ERROR |". */
static enum log_level front_level(struct scan *s)
{
	size_t start = s->pos;
	bool key = literal(s, "level=") || literal(s, "lvl=") || literal(s, "severity=");
	bool bracket = !key && (literal(s, "[") || literal(s, "("));
	size_t n = word_len(s);
	enum log_level level = word_level(s->text + s->pos, n);
	bool upper = n > 0 && isupper((unsigned char) at(s, 0)) && isupper((unsigned char) at(s, 1));
	char next = at(s, n);

	/* Lower-case words are levels only where nothing else could be meant. */
	if (level && ((key && strchr(" \t", next)) || (bracket && strchr("])", next) && next) ||
		      (!key && !bracket && (next == ':' || (upper && strchr(" |-]", next)))))) {
		s->pos += n;
		skip_any(s, bracket ? "])" : ":");
		return level;
	}
	s->pos = start;
	return LEVEL_NONE;
}

/* ---- anywhere ------------------------------------------------------------------------------------------ */

static bool all_upper(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isupper((unsigned char) word[i]))
			return false;
	return true;
}

/* "level": "info", level=info and the like: the word behind a key. */
static enum log_level value_level(struct scan s)
{
	size_t start = s.pos;

	skip_any(&s, "\"' ");
	if (at(&s, 0) != '=' && at(&s, 0) != ':')
		return LEVEL_NONE;
	skip_any(&s, "=:\"' ");
	return s.pos > start ? word_level(s.text + s.pos, word_len(&s)) : LEVEL_NONE;
}

static enum log_level level_within(struct scan s, bool json)
{
	while (s.pos < s.len && (json || s.pos < LOOK_FOR)) {
		size_t n = word_len(&s);
		const char *word = s.text + s.pos;
		bool joined = s.pos > 0 && (isalnum((unsigned char) word[-1]) || word[-1] == '_');
		enum log_level level = LEVEL_NONE;

		s.pos += n;
		if (n && is_level_key(word, n))
			level = value_level(s);
		else if (!json && n && !joined && !isdigit((unsigned char) at(&s, 0)) && all_upper(word, n))
			level = word_level(word, n);
		if (level)
			return level;
		s.pos += n ? 0 : 1;
	}
	return LEVEL_NONE;
}

enum log_level log_level_find(const char *text, size_t len, size_t *body)
{
	struct scan s = { text, len, 0 };

	*body = 0;
	if (len && text[0] == '{')
		return level_within(s, true);
	if (!len || text[0] == ' ')
		return LEVEL_NONE;
	if (skip_time(&s)) {
		skip_any(&s, " |-");
		*body = s.pos;
	}
	enum log_level level = front_level(&s);
	if (level) {
		skip_any(&s, " |-");
		literal(&s, "event=");
		*body = s.pos;
	}
	/* A line that is nothing but its time and level is shown whole. */
	if (*body >= len)
		*body = 0;
	return level ? level : level_within(s, false);
}
