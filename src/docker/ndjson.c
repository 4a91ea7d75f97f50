/* Lines of JSON. See ndjson.h. */
#include "docker/ndjson.h"

#include <string.h>

#include "docker/tree.h"

void ndjson_init(struct ndjson *n, size_t max_line, ndjson_fn fn, void *arg)
{
	*n = (struct ndjson){ .line = STRBUF_INIT(max_line), .fn = fn, .arg = arg };
}

void ndjson_free(struct ndjson *n)
{
	strbuf_free(&n->line);
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", text[i]) || !text[i])
			return false;
	return true;
}

static bool pass_line(struct ndjson *n, const char *text, size_t len)
{
	AUTO_CJSON *tree = NULL;

	if (is_blank(text, len))
		return true;
	tree = tree_parse(text, len);
	n->broken = !tree;
	n->enough = tree && !n->fn(n->arg, tree);
	return tree && !n->enough;
}

bool ndjson_feed(struct ndjson *n, const char *data, size_t len)
{
	while (len && !n->broken && !n->enough) {
		const char *newline = memchr(data, '\n', len);
		size_t take = newline ? (size_t) (newline - data) : len;

		if (newline && !n->line.len && take <= n->line.max) {
			pass_line(n, data, take); /* whole: no copy */
		} else {
			strbuf_add(&n->line, data, take);
			n->broken = strbuf_check(&n->line, NULL) != AF_OK;
			if (newline && !n->broken) {
				pass_line(n, n->line.data, n->line.len);
				strbuf_reset(&n->line);
			}
		}
		take += newline ? 1 : 0;
		data += take;
		len -= take;
	}
	return !n->broken && !n->enough;
}

bool ndjson_end(struct ndjson *n)
{
	bool go_on = !n->broken && !n->enough;

	if (go_on && n->line.len)
		go_on = pass_line(n, n->line.data, n->line.len);
	strbuf_reset(&n->line);
	return go_on;
}
