/* Growing byte strings. See strbuf.h. */
#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

char strbuf_empty[1];

void strbuf_init(struct strbuf *sb, size_t max)
{
	*sb = STRBUF_INIT(max);
}

void strbuf_free(struct strbuf *sb)
{
	if (sb->data != strbuf_empty)
		free(sb->data);
	strbuf_init(sb, sb->max);
}

void strbuf_reset(struct strbuf *sb)
{
	sb->len = 0;
	sb->failed = AF_OK;
	if (sb->data != strbuf_empty)
		sb->data[0] = '\0';
}

bool strbuf_reserve(struct strbuf *sb, size_t more)
{
	if (sb->failed)
		return false;
	if (more > sb->max || sb->len > sb->max - more) {
		sb->failed = AF_ERR_TOO_LARGE;
		return false;
	}
	size_t need = sb->len + more + 1;
	if (need <= sb->size)
		return true;
	size_t size = sb->size ? sb->size + sb->size / 2 : 64;
	if (size < need)
		size = need;
	char *data = realloc(sb->data == strbuf_empty ? NULL : sb->data, size);
	if (!data) {
		sb->failed = AF_ERR_NOMEM;
		return false;
	}
	data[sb->len] = '\0';
	sb->data = data;
	sb->size = size;
	return true;
}

void strbuf_advance(struct strbuf *sb, size_t len)
{
	sb->len += len;
	sb->data[sb->len] = '\0';
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (!len || !strbuf_reserve(sb, len))
		return;
	memcpy(sb->data + sb->len, data, len);
	strbuf_advance(sb, len);
}

void strbuf_adds(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_addc(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_addv(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	if (len >= 0 && strbuf_reserve(sb, (size_t) len)) {
		vsnprintf(sb->data + sb->len, (size_t) len + 1, fmt, again);
		sb->len += (size_t) len;
	}
	va_end(again);
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_addv(sb, fmt, ap);
	va_end(ap);
}

void strbuf_insert(struct strbuf *sb, size_t pos, const void *data, size_t len)
{
	if (!len || pos > sb->len || !strbuf_reserve(sb, len))
		return;
	memmove(sb->data + pos + len, sb->data + pos, sb->len - pos);
	memcpy(sb->data + pos, data, len);
	strbuf_advance(sb, len);
}

void strbuf_remove(struct strbuf *sb, size_t pos, size_t len)
{
	if (pos >= sb->len || !len)
		return;
	if (len > sb->len - pos)
		len = sb->len - pos;
	memmove(sb->data + pos, sb->data + pos + len, sb->len - pos - len);
	strbuf_truncate(sb, sb->len - len);
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
	if (len >= sb->len)
		return;
	sb->len = len;
	sb->data[len] = '\0';
}

af_code strbuf_check(const struct strbuf *sb, struct af_error *err)
{
	if (sb->failed == AF_ERR_NOMEM)
		return error_nomem(err);
	if (sb->failed)
		return error_set(err, sb->failed, "text longer than the limit of %zu bytes", sb->max);
	return AF_OK;
}

af_code strbuf_steal(struct strbuf *sb, char **out, struct af_error *err)
{
	af_code rc = strbuf_check(sb, err);

	if (rc)
		return rc;
	if (sb->data == strbuf_empty) {
		*out = str_dup("", err);
		return *out ? AF_OK : AF_ERR_NOMEM;
	}
	*out = sb->data;
	strbuf_init(sb, sb->max);
	return AF_OK;
}

af_code strlist_take(struct strlist *l, char *take_s, struct af_error *err)
{
	if (!take_s)
		return error_nomem(err);
	if (l->count + 2 > l->size) {
		size_t size = l->size ? l->size * 2 : 8;
		char **items = realloc(l->items, size * sizeof(*items));
		if (!items) {
			free(take_s);
			return error_nomem(err);
		}
		l->items = items;
		l->size = size;
	}
	l->items[l->count++] = take_s;
	l->items[l->count] = NULL;
	return AF_OK;
}

af_code strlist_add(struct strlist *l, const char *s, struct af_error *err)
{
	return strlist_take(l, str_dup(s, err), err);
}

void strlist_free(struct strlist *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct strlist){ 0 };
}

bool strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i], s))
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

void strlist_sort(struct strlist *l)
{
	if (l->count > 1)
		qsort(l->items, l->count, sizeof(*l->items), compare);
}

char *str_format(struct af_error *err, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0) {
		error_nomem(err);
		return NULL;
	}
	return text;
}

char *str_ndup(const char *s, size_t len, struct af_error *err)
{
	char *copy = malloc(len + 1);

	if (!copy) {
		error_nomem(err);
		return NULL;
	}
	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *str_dup(const char *s, struct af_error *err)
{
	return str_ndup(s, strlen(s), err);
}

bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len >= n && !memcmp(s + len - n, suffix, n);
}

bool str_blank(const char *s)
{
	return !s || !*s;
}
