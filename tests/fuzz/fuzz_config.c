/* The config file and the lines of the state file: whatever they hold, every option keeps a value that can be used, and
 * what is wrong is named by line, without a control byte. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ui/config.h"
#include "ui/views.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_options(const struct options *o)
{
	if (!o->theme || !*o->theme || o->log_lines < 100 || o->log_bytes < 65536 || o->time_format < 0 || o->time_format > 3)
		abort();
}

static void check_errors(const struct strlist *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		if (strncmp(errors->items[i], "conf:", 5) != 0)
			abort();
		for (const char *p = errors->items[i]; *p; p++)
			if (iscntrl((unsigned char) *p))
				abort();
	}
}

/* Every line as "key value" to a view, which then says what it keeps, and takes that back. */
static void feed_state(struct view *v, const char *text)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_TEXT), kept = STRBUF_INIT(STRBUF_TEXT);

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");
		strbuf_reset(&line);
		strbuf_add(&line, p, len);
		char *value = strchr(line.data, ' ');
		if (value) {
			*value++ = '\0';
			v->ops->load_state(v, line.data, value);
		}
		p += len + (p[len] == '\n');
	}
	v->ops->save_state(v, &kept);
	if (strbuf_check(&kept, NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = str_ndup((const char *) data, size, NULL);
	AUTO_STRLIST errors = { 0 };
	struct options options;
	struct keymap *keymap = keymap_new(NULL);
	struct view *envs = envs_view_new(NULL, NULL), *detail = detail_view_new(NULL, NULL);

	if (!text || !keymap || !envs || !detail)
		abort();
	config_defaults(&options);
	if (config_parse(&options, keymap, "conf", text, &errors, NULL) != AF_OK)
		abort();
	check_options(&options);
	check_errors(&errors);
	feed_state(envs, text);
	feed_state(detail, text);
	envs->ops->free(envs);
	detail->ops->free(detail);
	options_free(&options);
	keymap_free(keymap);
	return 0;
}
